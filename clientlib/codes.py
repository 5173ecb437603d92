"""The code lists: what may stand in a coded field, with English and Chinese labels.

Codes are stored, labels are shown; a hand-in may use either, or one of the synonyms. National
standards give the lists where there is one (named beside each); a firm's own lists are settings.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from babel import Locale
from babel.numbers import get_currency_name, get_territory_currencies


@dataclass(frozen=True)
class Code:
    """One entry: the stored `value`, its labels, and other words that people write for it."""

    value: str
    en: str
    zh: str
    synonyms: tuple[str, ...] = ()

    def label(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class CodeList:
    """A closed list of codes in the order in which people want to see them."""

    name: str
    en: str
    zh: str
    entries: tuple[Code, ...]

    @cached_property
    def values(self) -> tuple[str, ...]:
        return tuple(entry.value for entry in self.entries)

    @cached_property
    def lookup(self) -> dict[str, str]:
        """Folded code, label or synonym → code. A code wins over another entry's word."""
        words: dict[str, str] = {}
        for entry in self.entries:
            for word in (entry.en, entry.zh, *entry.synonyms):
                words.setdefault(fold(word), entry.value)
        return words | {fold(entry.value): entry.value for entry in self.entries}

    def title(self, language: str) -> str:
        return self.zh if language == "zh" else self.en

    def labels(self, language: str) -> dict[str, str]:
        return {entry.value: entry.label(language) for entry in self.entries}

    def label(self, value: str, language: str) -> str:
        """The label of a code; a value outside the list stands for itself."""
        return self.labels(language).get(value, value)


def fold(word: str) -> str:
    """What two spellings of a code have in common: case, width, spaces, hyphens and underlines apart."""
    return re.sub(r"[\s_\-–—]+", "", unicodedata.normalize("NFKC", word)).casefold()


def _list(name: str, en: str, zh: str, *entries: tuple[str, ...]) -> CodeList:
    return CodeList(name, en, zh, tuple(Code(e[0], e[1], e[2], tuple(e[3:])) for e in entries))


def _territories(language: str) -> dict[str, str]:
    names = {str(code): str(name) for code, name in Locale(language).territories.items()}
    return {code: name for code, name in names.items() if re.fullmatch("[A-Z]{2}", code)}


def _countries() -> CodeList:
    """ISO 3166-1 alpha-2, names from Unicode CLDR; private and exceptional reservations left out."""
    left_out = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
    en, zh = _territories("en"), _territories("zh")
    found = sorted(t for t in en if t not in left_out and t in zh)
    first = [t for t in ("CN", "HK", "MO", "TW") if t in found]
    order = first + [t for t in found if t not in first]
    return CodeList("country", "Country or region", "国家或地区", tuple(Code(t, en[t], zh[t]) for t in order))


def _currencies() -> CodeList:
    """ISO 4217 codes of money that is legal tender somewhere today, names from Unicode CLDR."""
    tender = {c for t in _territories("en") for c in get_territory_currencies(t)}
    first = [c for c in ("CNY", "HKD", "USD", "EUR") if c in tender]
    order = first + sorted(tender - set(first))
    synonyms = {"CNY": ("RMB", "人民币元", "元", "¥"), "USD": ("美金", "$"), "HKD": ("港元",), "EUR": ("€",)}
    entries = (
        Code(c, get_currency_name(c, locale="en"), get_currency_name(c, locale="zh"), synonyms.get(c, ()))
        for c in order
    )
    return CodeList("currency", "Currency", "币种", tuple(entries))


_LISTS = (
    _list(
        "yes_no",
        "Yes or no",
        "是否",
        ("yes", "Yes", "是", "y", "true", "1", "有", "同意"),
        ("no", "No", "否", "n", "false", "0", "无", "不同意"),
    ),
    # ---------------------------------------------------------------- who the client is
    _list(
        "client_type",
        "Client type",
        "客户类型",
        ("individual", "Individual", "个人", "自然人", "person"),
        ("institution", "Institution", "机构", "法人", "company", "legal entity"),
        ("product", "Product", "产品", "产品户", "fund product"),
    ),
    _list(
        "id_type",
        "ID type",
        "证件类型",
        ("id_card", "Resident ID card", "居民身份证", "身份证", "ID card"),
        ("passport", "Passport", "护照"),
        ("hmt_permit", "HK/Macau/Taiwan permit", "港澳台通行证", "港澳居民来往内地通行证", "台胞证"),
        ("business_licence", "Business licence", "营业执照", "统一社会信用代码", "business license"),
    ),
    _list(  # GB/T 2261.1
        "gender",
        "Gender",
        "性别",
        ("0", "Unknown", "未知的性别", "未知"),
        ("1", "Male", "男性", "男", "M"),
        ("2", "Female", "女性", "女", "F"),
        ("9", "Not stated", "未说明的性别", "未说明"),
    ),
    _list(  # GB/T 2261.2
        "marital_status",
        "Marital status",
        "婚姻状况",
        ("10", "Single", "未婚"),
        ("20", "Married", "已婚"),
        ("21", "First marriage", "初婚"),
        ("30", "Widowed", "丧偶"),
        ("40", "Divorced", "离婚", "离异"),
        ("90", "Not stated", "未说明的婚姻状况", "未说明"),
    ),
    _list(  # GB/T 6565, major groups
        "occupation",
        "Occupation",
        "职业",
        (
            "1",
            "Leaders of party, state and business bodies",
            "党政机关、群团和企事业单位负责人",
            "负责人",
            "manager",
        ),
        (
            "2",
            "Professionals and technicians",
            "专业技术人员",
            "工程师",
            "教师",
            "医生",
            "engineer",
            "teacher",
        ),
        ("3", "Clerks and related workers", "办事人员和有关人员", "职员", "文员", "clerk"),
        ("4", "Service workers", "社会生产服务和生活服务人员", "服务人员", "销售", "sales"),
        ("5", "Farming, forestry and fishing", "农、林、牧、渔业生产及辅助人员", "农民", "farmer"),
        ("6", "Manufacturing and related workers", "生产制造及有关人员", "工人", "worker"),
        ("7", "Armed forces", "军队人员", "军人", "soldier"),
        ("8", "Other", "不便分类的其他从业人员", "其他", "退休", "学生", "自由职业", "retired", "student"),
    ),
    _list(  # GB/T 4658
        "education",
        "Education",
        "学历",
        ("10", "Postgraduate", "研究生教育", "研究生", "硕士", "博士", "master", "doctor"),
        ("20", "Bachelor", "大学本科教育", "大学本科", "本科"),
        ("30", "Junior college", "专科教育", "大学专科", "专科", "大专"),
        ("40", "Secondary vocational", "中等职业教育", "中专", "职高", "技校"),
        ("60", "Senior secondary", "普通高级中学教育", "高中"),
        ("70", "Junior secondary", "初级中学教育", "初中"),
        ("80", "Primary", "小学教育", "小学"),
        ("90", "Other", "其他"),
    ),
    _countries(),
    _currencies(),
    _list(
        "investor_class",
        "Investor class",
        "投资者类别",
        ("ordinary", "Ordinary", "普通", "普通投资者", "retail"),
        ("professional", "Professional", "专业", "专业投资者"),
    ),
    _list(
        "client_status",
        "Client status",
        "客户状态",
        ("active", "Active", "正常", "活跃"),
        ("dormant", "Dormant", "休眠", "inactive"),
        ("closed", "Closed", "销户", "已销户"),
    ),
    # ---------------------------------------------------------------- reaching the client
    _list(
        "contact_channel",
        "Contact channel",
        "联系方式",
        ("phone", "Phone", "电话", "手机"),
        ("sms", "Text message", "短信"),
        ("wechat", "WeChat", "微信"),
        ("email", "E-mail", "电子邮件", "邮件"),
        ("post", "Post", "信函", "邮寄"),
        ("visit", "In person", "面谈", "上门"),
    ),
    _list(
        "contact_time",
        "Convenient time",
        "方便时间",
        ("morning", "Morning (9–12)", "上午（9–12点）", "上午"),
        ("afternoon", "Afternoon (12–18)", "下午（12–18点）", "下午"),
        ("evening", "Evening (18–21)", "晚上（18–21点）", "晚上"),
        ("weekend", "Weekend", "周末"),
        ("any", "Any time", "任何时间", "都可以"),
    ),
    _list(  # GB/T 2260, divisions at province level
        "region",
        "Region",
        "地区",
        ("11", "Beijing", "北京市", "北京"),
        ("12", "Tianjin", "天津市", "天津"),
        ("13", "Hebei", "河北省", "河北"),
        ("14", "Shanxi", "山西省", "山西"),
        ("15", "Inner Mongolia", "内蒙古自治区", "内蒙古"),
        ("21", "Liaoning", "辽宁省", "辽宁"),
        ("22", "Jilin", "吉林省", "吉林"),
        ("23", "Heilongjiang", "黑龙江省", "黑龙江"),
        ("31", "Shanghai", "上海市", "上海"),
        ("32", "Jiangsu", "江苏省", "江苏"),
        ("33", "Zhejiang", "浙江省", "浙江"),
        ("34", "Anhui", "安徽省", "安徽"),
        ("35", "Fujian", "福建省", "福建"),
        ("36", "Jiangxi", "江西省", "江西"),
        ("37", "Shandong", "山东省", "山东"),
        ("41", "Henan", "河南省", "河南"),
        ("42", "Hubei", "湖北省", "湖北"),
        ("43", "Hunan", "湖南省", "湖南"),
        ("44", "Guangdong", "广东省", "广东"),
        ("45", "Guangxi", "广西壮族自治区", "广西"),
        ("46", "Hainan", "海南省", "海南"),
        ("50", "Chongqing", "重庆市", "重庆"),
        ("51", "Sichuan", "四川省", "四川"),
        ("52", "Guizhou", "贵州省", "贵州"),
        ("53", "Yunnan", "云南省", "云南"),
        ("54", "Tibet", "西藏自治区", "西藏", "Xizang"),
        ("61", "Shaanxi", "陕西省", "陕西"),
        ("62", "Gansu", "甘肃省", "甘肃"),
        ("63", "Qinghai", "青海省", "青海"),
        ("64", "Ningxia", "宁夏回族自治区", "宁夏"),
        ("65", "Xinjiang", "新疆维吾尔自治区", "新疆"),
        ("71", "Taiwan", "台湾省", "台湾"),
        ("81", "Hong Kong", "香港特别行政区", "香港"),
        ("82", "Macau", "澳门特别行政区", "澳门", "Macao"),
    ),
    # ---------------------------------------------------------------- money and preferences
    _list(
        "income_source",
        "Income source",
        "主要收入来源",
        ("salary", "Salary", "工资薪金", "工资"),
        ("business", "Business", "生产经营", "经营所得"),
        ("investment", "Investments", "投资收益", "利息股息"),
        ("property", "Rent and property", "财产租赁", "房租"),
        ("pension", "Pension", "养老金", "退休金"),
        ("other", "Other", "其他"),
    ),
    _list(
        "client_level",
        "Risk level",
        "风险承受能力等级",
        ("C1", "C1 Conservative", "C1 保守型", "保守型"),
        ("C2", "C2 Cautious", "C2 谨慎型", "谨慎型"),
        ("C3", "C3 Steady", "C3 稳健型", "稳健型"),
        ("C4", "C4 Growth", "C4 积极型", "积极型", "成长型"),
        ("C5", "C5 Aggressive", "C5 激进型", "激进型", "进取型"),
    ),
    _list(
        "product_level",
        "Product risk level",
        "产品风险等级",
        ("R1", "R1 Low", "R1 低风险", "低风险"),
        ("R2", "R2 Fairly low", "R2 中低风险", "中低风险"),
        ("R3", "R3 Medium", "R3 中风险", "中风险"),
        ("R4", "R4 Fairly high", "R4 中高风险", "中高风险"),
        ("R5", "R5 High", "R5 高风险", "高风险"),
    ),
    _list(
        "level_source",
        "Level source",
        "等级来源",
        ("assessed", "Assessed", "测评"),
        ("predicted", "Predicted", "推算"),
    ),
    _list(
        "goal",
        "Investment goal",
        "投资目标",
        ("preserve", "Preserve value", "保值"),
        ("income", "Steady income", "稳定收益", "收益"),
        ("growth", "Capital growth", "资本增值", "增值"),
        ("speculation", "Speculation", "投机"),
    ),
    _list(
        "horizon",
        "Horizon",
        "投资期限",
        ("lt1", "Under 1 year", "1年以下", "<1 y", "一年以下"),
        ("1to3", "1–3 years", "1至3年", "1–3 y", "1-3年"),
        ("3to5", "3–5 years", "3至5年", "3–5 y", "3-5年"),
        ("gt5", "Over 5 years", "5年以上", ">5 y", "五年以上"),
    ),
    _list(
        "asset_class",
        "Asset class",
        "资产类别",
        ("stock", "Stock", "股票", "shares", "equity"),
        ("bond", "Bond", "债券"),
        ("fund", "Fund", "基金", "公募基金", "mutual fund", "MTF"),
        ("money_market", "Money market", "货币市场", "货币基金"),
        ("structured", "Structured product", "结构化产品", "收益凭证"),
        ("derivative", "Derivative", "衍生品", "期权", "期货", "option", "future"),
        ("private_fund", "Private fund", "私募基金", "私募"),
        ("other", "Other", "其他"),
    ),
    # ---------------------------------------------------------------- trades and service
    _list(
        "side",
        "Side",
        "买卖方向",
        ("buy", "Buy", "买入", "买", "B"),
        ("sell", "Sell", "卖出", "卖", "S"),
    ),
    _list(
        "trade_channel",
        "Channel",
        "委托渠道",
        ("app", "App", "手机应用", "手机", "mobile"),
        ("web", "Web", "网上", "网站", "Internet Banking", "online"),
        ("phone", "Phone", "电话", "Phone Banking"),
        ("branch", "Branch", "柜台", "营业部"),
    ),
    _list(
        "request_category",
        "Request category",
        "服务类别",
        ("advice", "Advice", "投资咨询", "咨询"),
        ("product", "Product", "产品需求"),
        ("account", "Account", "账户业务", "账户"),
        ("trading", "Trading problem", "交易问题", "交易"),
        ("complaint", "Complaint", "投诉"),
        ("other", "Other", "其他"),
    ),
    _list(
        "priority",
        "Priority",
        "优先级",
        ("high", "High", "高", "紧急", "urgent"),
        ("normal", "Normal", "中", "普通"),
        ("low", "Low", "低"),
    ),
    _list(
        "request_status",
        "Request status",
        "处理状态",
        ("open", "Open", "待处理"),
        ("in_progress", "In progress", "处理中"),
        ("closed", "Closed", "已办结", "已关闭", "完成"),
    ),
    _list(
        "relation",
        "Relation",
        "关系",
        ("spouse", "Spouse", "配偶"),
        ("parent", "Parent", "父母"),
        ("child", "Child", "子女"),
        ("household", "Same household", "同一家庭"),
        ("legal_representative", "Legal representative", "法定代表人"),
        ("beneficial_owner", "Beneficial owner", "受益所有人"),
        ("agent", "Agent", "代理人"),
    ),
    _list(
        "campaign_arm",
        "Arm",
        "分组",
        ("treated", "Treated", "触达组", "实验组"),
        ("control", "Control", "对照组"),
    ),
    _list(
        "campaign_outcome",
        "Outcome",
        "结果",
        ("none", "No response", "无响应"),
        ("opened", "Opened", "已查看"),
        ("replied", "Replied", "已回复"),
        ("bought", "Bought", "已购买"),
        ("refused", "Refused", "拒绝"),
    ),
    # ---------------------------------------------------------------- risk review
    _list(  # from the most to the least pressing
        "risk_rule",
        "Risk rule",
        "风险规则",
        ("margin", "Margin ratio too low", "维持担保比例过低", "维持担保比例"),
        ("lowest_class", "Lowest class holds more than R1", "最低类别客户持有R1以上产品", "最低类别"),
        ("mismatch", "Holdings above the level", "持仓超出风险等级", "持仓不匹配"),
        ("var", "Daily risk over its limit", "日风险价值超限", "风险价值"),
        ("concentration", "Too much in one security", "单一证券持仓过于集中", "持仓集中"),
        ("buys_above", "Buys above the level", "频繁买入超风险等级产品", "超等级买入"),
        ("finances", "Finances no longer carry the level", "财务状况已不支持该等级", "财务状况恶化"),
        ("score", "Score and level do not fit", "测评得分与等级不符", "得分不符"),
        ("level_expired", "Assessment expired", "测评已过期", "测评过期"),
        ("level_missing", "No level", "没有等级", "无等级"),
        ("level_expiring", "Assessment about to expire", "测评即将到期", "测评将到期"),
    ),
    _list(  # from the mildest to the gravest
        "alert_severity",
        "Severity",
        "严重程度",
        ("watch", "To watch", "关注", "low", "低"),
        ("warn", "Warning", "预警", "medium", "中"),
        ("high", "High", "严重", "高"),
    ),
)

CODES: dict[str, CodeList] = {entries.name: entries for entries in _LISTS}
"""Every code list by its name."""
