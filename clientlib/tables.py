"""The client management table: every area, every field, every rule. Nothing else repeats these facts.

A class is a table, a line a field, a decorated method a rule that looks at several fields. Template,
validation, storage, masks, search, entry form and dictionary are all derived from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import dataframely as dy
import polars as pl

from clientlib import declare as field
from clientlib import idcard
from clientlib.declare import Area, Field, describe, rule, schema_key

MONEY_TOLERANCE = 1.0
"""Net assets may differ from assets less liabilities by this much (rounding in hand-ins)."""
AMOUNT_TOLERANCE = 0.01
AMOUNT_RELATIVE_TOLERANCE = 1e-6
YOUNGEST, OLDEST = 18, 110
"""Ages in years at which a person may open an account."""

_ID = r"[0-9A-Za-z][0-9A-Za-z._\-]{0,39}"


def _client_id() -> dy.String:
    return field.text(
        "Client ID",
        "客户编号",
        "The firm's own number for the client; letters and digits, no spaces.",
        "公司内部的客户编号；字母和数字，无空格。",
        key=True,
        pattern=_ID,
        longest=40,
    )


def _currency() -> dy.String:
    return field.code(
        "Currency",
        "币种",
        "currency",
        "Choose from the list; the code will do too, e.g. CNY.",
        "从列表选择；也可填代码，例如 CNY。",
        required=True,
    )


def _age_at(birth: pl.Expr, day: pl.Expr) -> pl.Expr:
    # Months come as 8-bit numbers: times 100 they would wrap around without the wider type.
    month_day = [when.dt.month().cast(pl.Int32) * 100 + when.dt.day() for when in (day, birth)]
    had_birthday = month_day[0] >= month_day[1]
    return day.dt.year() - birth.dt.year() - pl.when(had_birthday).then(0).otherwise(1)


# fmt: off
# --------------------------------------------------------------------------- the client
class Clients(Area):
    """Basic information: one dated row a client; the newest up to a date counts."""

    client_id = _client_id()
    full_name = field.text("Full name", "姓名", "As on the ID document.", "与证件一致。", required=True, sensitivity="I", longest=100)
    client_type = field.code("Client type", "客户类型", "client_type", "A person, an institution or a product account.", "个人、机构或产品户。", required=True)
    id_type = field.code("ID type", "证件类型", "id_type", "The document that the ID number is from.", "证件号码所属的证件。", required=True)
    id_number = field.text("ID number", "证件号码", "All characters, no spaces; an ID card has 18.", "完整号码，无空格；身份证为18位。", required=True, sensitivity="I", longest=30, pattern=r"[0-9A-Za-z()\-]{5,30}", kind="id_number")
    birth_date = field.date("Birth date", "出生日期", "Year-month-day, e.g. 1985-03-21. Needed for a person.", "年-月-日，例如 1985-03-21。个人客户必填。", sensitivity="S")
    gender = field.code("Gender", "性别", "gender", "Must agree with the ID card.", "须与身份证一致。")
    marital_status = field.code("Marital status", "婚姻状况", "marital_status", "Choose from the list.", "从列表选择。")
    occupation = field.code("Occupation", "职业", "occupation", "The major group; retired people and students: Other.", "职业大类；退休人员和学生选“其他”。")
    employer = field.text("Employer", "工作单位", "Full name of the employer.", "单位全称。", sensitivity="S")
    education = field.code("Education", "学历", "education", "The highest level finished.", "已取得的最高学历。")
    nationality = field.code("Nationality", "国籍", "country", "Choose from the list; the code will do too, e.g. CN.", "从列表选择；也可填代码，例如 CN。")
    investor_class = field.code("Investor class", "投资者类别", "investor_class", "Ordinary unless the firm has recognised the client as professional.", "除非已认定为专业投资者，否则选“普通”。", required=True)
    branch = field.text("Branch", "营业部", "The branch that looks after the client.", "负责该客户的营业部。", required=True, longest=60)
    advisor = field.text("Advisor", "客户经理", "The advisor's staff number, not a name.", "客户经理工号，不填姓名。", longest=40)
    opened_on = field.date("Opened on", "开户日期", "The day on which the account was opened.", "开户当天的日期。", required=True)
    status = field.code("Status", "客户状态", "client_status", "Active, dormant or closed.", "正常、休眠或销户。", required=True)
    client_group = field.text("Client group", "客户分组", "A grouping that a source brings along, e.g. Premium.", "数据来源自带的客户分组，例如 Premium。", longest=40)
    interests = field.text("Interests", "兴趣爱好", "Several are separated by semicolons, e.g. tennis;tea.", "多个以分号分隔，例如 网球;茶艺。", longest=200)
    updated_at = field.instant("Updated at", "更新时间", "When this row was last true and checked.", "本行信息最后核实的时间。", key=True)

    @rule("id_number", "id_type", en="The ID card number does not have the form of one. Type 17 digits and a digit or X.", zh="身份证号码格式不正确。请输入17位数字加1位数字或X。")
    def id_card_form(cls) -> pl.Expr:
        return (pl.col("id_type") != "id_card") | idcard.is_card(pl.col("id_number"))

    @rule("id_number", "id_type", en="The check character of the ID number does not fit. Compare it digit by digit with the ID card.", zh="身份证校验码不符。请与身份证逐位核对。")
    def id_check_character(cls) -> pl.Expr:
        card = pl.col("id_number")
        return (pl.col("id_type") != "id_card") | ~idcard.is_card(card) | idcard.check_character_holds(card)

    @rule("birth_date", "id_type", "id_number", en="The birth date differs from the one inside the ID number. Correct whichever is wrong.", zh="出生日期与身份证号码中的日期不符。请更正有误的一项。")
    def birth_date_in_id(cls) -> pl.Expr:
        card = pl.col("id_number")
        inside = idcard.birth_date(card).eq_missing(pl.col("birth_date"))
        return (pl.col("id_type") != "id_card") | ~idcard.is_card(card) | pl.col("birth_date").is_null() | inside

    @rule("gender", "id_type", "id_number", en="The gender differs from the one inside the ID number. Correct whichever is wrong.", zh="性别与身份证号码不符。请更正有误的一项。")
    def gender_in_id(cls) -> pl.Expr:
        card = pl.col("id_number")
        stated = pl.col("gender").is_in(["1", "2"])
        return (pl.col("id_type") != "id_card") | ~idcard.is_card(card) | ~stated | (idcard.gender(card) == pl.col("gender"))

    @rule("birth_date", "client_type", en="A person's birth date is missing. Fill it in, or say in the remarks why it cannot be.", zh="个人客户缺少出生日期。请填写，或在备注中说明原因。")
    def birth_date_of_person(cls) -> pl.Expr:
        return (pl.col("client_type") != "individual") | pl.col("birth_date").is_not_null() | pl.col("remarks").is_not_null()

    @rule("birth_date", "client_type", "opened_on", en="The client would have been younger than 18 or older than 110 when the account was opened. Check both dates.", zh="开户时客户年龄不在18至110岁之间。请核对出生日期和开户日期。")
    def age_at_opening(cls) -> pl.Expr:
        age = _age_at(pl.col("birth_date"), pl.col("opened_on"))
        return (pl.col("client_type") != "individual") | age.is_between(YOUNGEST, OLDEST)


class Contacts(Area):
    """How to reach the client: one dated row a client."""

    client_id = _client_id()
    mobile = field.text("Mobile", "手机号码", "11 digits; a foreign number begins with + and the country code.", "11位数字；境外号码以+和国家代码开头。", required=True, sensitivity="I", longest=20, pattern=r"\+861[3-9]\d{9}|\+(?:[1-79]|8[0-57-9])\d{5,13}", kind="phone")
    email = field.text("E-mail", "电子邮箱", "e.g. name@example.com", "例如 name@example.com", sensitivity="I", longest=254, pattern=r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+", kind="email")
    address = field.text("Address", "通讯地址", "Province, city, street and number.", "省、市、街道和门牌号。", sensitivity="I", longest=200)
    region = field.code("Region", "所在地区", "region", "Province or municipality of the address.", "通讯地址所在的省、自治区或直辖市。")
    postcode = field.text("Postcode", "邮编", "Six digits in mainland China.", "中国大陆为六位数字。", sensitivity="S", longest=12, pattern=r"[0-9A-Za-z][0-9A-Za-z \-]{2,11}")
    preferred_channel = field.code("Preferred channel", "首选联系方式", "contact_channel", "How the client wants to be reached.", "客户希望的联系方式。")
    preferred_time = field.code("Preferred time", "方便时间", "contact_time", "When the client may be called.", "可以联系客户的时间。")
    marketing_consent = field.yes_no("Marketing consent", "营销同意", "Yes only if the client has agreed in writing or in the app.", "仅在客户书面或在应用中同意后选“是”。", required=True)
    consent_on = field.date("Consent on", "同意日期", "The day of the consent; needed with yes.", "同意的日期；选“是”时必填。")
    updated_at = field.instant("Updated at", "更新时间", "When this row was last true and checked.", "本行信息最后核实的时间。", key=True)

    @rule("consent_on", "marketing_consent", en="Consent is yes, but its date is missing. Fill in the day on which the client agreed, or choose no.", zh="已选择同意营销但缺少同意日期。请填写同意日期，或改为“否”。")
    def consent_has_date(cls) -> pl.Expr:
        return ~pl.col("marketing_consent") | pl.col("consent_on").is_not_null()

    @rule("consent_on", "updated_at", en="The consent is dated after the row was updated. Correct one of the two.", zh="同意日期晚于更新时间。请更正其中一项。")
    def consent_not_later(cls) -> pl.Expr:
        # A day of grace: the update is an instant in UTC, the consent a day where the client lives.
        return pl.col("consent_on") <= pl.col("updated_at").dt.offset_by("1d").dt.date()


class Finances(Area):
    """What the client earns, owns and owes: a row per client and statement date."""

    client_id = _client_id()
    as_of = field.date("Statement date", "填报日期", "The day for which the figures hold.", "数据对应的日期。", key=True)
    annual_income = field.money("Annual income", "年收入", "Before tax, last full year.", "上一完整年度税前收入。", required=True, minimum=0)
    income_source = field.code("Main income source", "主要收入来源", "income_source", "Choose the largest.", "选择最主要的一项。")
    total_assets = field.money("Total assets", "总资产", "All that the client owns, debts not taken off.", "全部资产，不扣除负债。", minimum=0)
    financial_assets = field.money("Financial assets", "金融资产", "Deposits, securities, funds, insurance; no property.", "存款、证券、基金、保险等，不含房产。", minimum=0)
    net_assets = field.money("Net assets", "净资产", "Total assets less liabilities.", "总资产减负债。")
    liabilities = field.money("Liabilities", "负债", "All debts, as a positive number.", "全部负债，填正数。", minimum=0)
    currency = _currency()
    capacity_band = field.text("Capacity band", "投资能力区间", "A source's own band, e.g. CAP_80K_300K.", "数据来源自有的区间，例如 CAP_80K_300K。", longest=40)
    credit_default = field.yes_no("Credit default", "不良诚信记录", "Yes if a record of default or dishonesty is known.", "已知有违约或失信记录时选“是”。")

    @rule("net_assets", "total_assets", "liabilities", en="Net assets are not total assets less liabilities. Correct one of the three.", zh="净资产不等于总资产减负债。请更正其中一项。")
    def net_assets_add_up(cls) -> pl.Expr:
        gap = pl.col("total_assets") - pl.col("liabilities") - pl.col("net_assets")
        return gap.abs() <= MONEY_TOLERANCE

    @rule("financial_assets", "total_assets", en="Financial assets are larger than total assets. Correct one of the two.", zh="金融资产大于总资产。请更正其中一项。")
    def financial_within_total(cls) -> pl.Expr:
        return pl.col("financial_assets") <= pl.col("total_assets") + MONEY_TOLERANCE


class Preferences(Area):
    """What risk the client can and will bear: a row per client and assessment."""

    client_id = _client_id()
    assessed_on = field.date("Assessed on", "测评日期", "The day of the risk questionnaire.", "风险测评当天的日期。", key=True)
    questionnaire_score = field.number("Questionnaire score", "测评得分", "0 to 100.", "0至100。", minimum=0, maximum=100)
    risk_level = field.code("Risk level", "风险承受能力等级", "client_level", "C1 to C5, as the questionnaire gave it.", "C1至C5，以测评结果为准。", required=True)
    level_source = field.code("Level source", "等级来源", "level_source", "Assessed by a questionnaire, or predicted by a model.", "由问卷测评或由模型推算。")
    lowest_class = field.yes_no("Lowest class", "最低类别", "Yes for a C1 client who may buy R1 only, whatever they wish.", "C1客户中风险承受能力最低类别选“是”。")
    goal = field.code("Goal", "投资目标", "goal", "The main one.", "最主要的目标。")
    horizon = field.code("Horizon", "投资期限", "horizon", "How long the money can stay invested.", "资金可以投资的时间。")
    product_types = field.code("Product types", "投资品种", "asset_class", "Several are separated by semicolons.", "多个以分号分隔。", several=True)
    max_loss = field.fraction("Bearable loss", "可承受亏损", "Share of the money that may be lost, e.g. 20%.", "可承受的亏损比例，例如 20%。")
    experience_years = field.number("Experience", "投资经验", "Years of investing.", "投资年限（年）。", minimum=0, maximum=80, unit="years")
    expires_on = field.date("Expires on", "有效期至", "Last day on which the assessment holds.", "测评有效的最后一天。")

    @rule("expires_on", "assessed_on", en="The assessment would expire before it was made. Correct one of the two dates.", zh="有效期早于测评日期。请更正其中一项。")
    def expires_after_assessment(cls) -> pl.Expr:
        return pl.col("expires_on") >= pl.col("assessed_on")

    @rule("lowest_class", "risk_level", en="Only a C1 client can be of the lowest class. Correct the level or choose no.", zh="只有C1客户可以是最低类别。请更正等级或选“否”。")
    def lowest_class_is_c1(cls) -> pl.Expr:
        return ~pl.col("lowest_class") | (pl.col("risk_level") == "C1")


class Relations(Area):
    """Who belongs to whom: a row per client and related person."""

    relation_id = field.text("Relation ID", "关系编号", "A number of its own for the row.", "本行的编号。", key=True, pattern=_ID, longest=40)
    client_id = field.text("Client ID", "客户编号", "The client whom the row is about.", "本行所属客户的编号。", required=True, pattern=_ID, longest=40)
    related_client_id = field.text("Related client ID", "关联客户编号", "If the other one is a client too.", "对方也是客户时填写。", pattern=_ID, longest=40)
    related_name = field.text("Related name", "关联人姓名", "If the other one is not a client.", "对方不是客户时填写。", sensitivity="I")
    related_mobile = field.text("Related mobile", "关联人手机", "11 digits; a foreign number begins with +.", "11位数字；境外号码以+开头。", sensitivity="I", longest=20, pattern=r"\+\d{6,15}", kind="phone")
    kind = field.code("Relation", "关系", "relation", "What the other one is to the client.", "对方与客户的关系。", required=True)
    since = field.date("Since", "起始日期", "First day of the relation, if known.", "关系开始的日期（如已知）。")
    until = field.date("Until", "结束日期", "Last day, if it has ended.", "关系结束的日期（如已结束）。")

    @rule("related_client_id", en="Neither a client number nor a name says who the other person is. Fill in one of them.", zh="缺少关联人的客户编号或姓名。请至少填写一项。")
    def someone_is_named(cls) -> pl.Expr:
        return pl.col("related_client_id").is_not_null() | pl.col("related_name").is_not_null() | pl.col("remarks").is_not_null()

    @rule("related_client_id", "client_id", en="A client cannot be related to itself. Correct the related client's number.", zh="客户不能与自己关联。请更正关联客户编号。")
    def not_to_itself(cls) -> pl.Expr:
        return pl.col("related_client_id") != pl.col("client_id")

    @rule("until", "since", en="The relation would end before it began. Correct one of the two dates.", zh="结束日期早于起始日期。请更正其中一项。")
    def until_after_since(cls) -> pl.Expr:
        return pl.col("until") >= pl.col("since")


# --------------------------------------------------------------------------- what happened
class Trades(Area):
    """Orders carried out: a row a trade."""

    trade_id = field.text("Trade ID", "成交编号", "The exchange's or the firm's number of the trade.", "交易所或公司的成交编号。", key=True, pattern=_ID, longest=40)
    client_id = field.text("Client ID", "客户编号", "Whose trade it is.", "成交所属的客户。", required=True, pattern=_ID, longest=40)
    traded_at = field.instant("Traded at", "成交时间", "Date and time, e.g. 2026-03-21 10:31:00.", "日期和时间，例如 2026-03-21 10:31:00。", required=True)
    security_id = field.text("Security ID", "证券代码", "Code or ISIN, as in the securities sheet.", "代码或ISIN，与证券表一致。", required=True, pattern=_ID, longest=40)
    side = field.code("Side", "买卖方向", "side", "Buy or sell.", "买入或卖出。", required=True)
    quantity = field.number("Quantity", "成交数量", "Digits only, e.g. 1000.", "只填数字，例如 1000。", required=True, above=0)
    price = field.number("Price", "成交价格", "Price of one unit, digits only.", "单价，只填数字。", required=True, above=0)
    amount = field.number("Amount", "成交金额", "Quantity times price.", "数量乘以价格。", required=True, above=0, kind="money", unit="currency")
    fee = field.number("Fee", "费用", "Commission and taxes, 0 if none.", "佣金和税费，没有则填0。", minimum=0, kind="money", unit="currency")
    currency = _currency()
    channel = field.code("Channel", "委托渠道", "trade_channel", "How the order came in.", "委托的渠道。")

    @rule("amount", "quantity", "price", en="The amount is not quantity × price. Correct one of the three.", zh="成交金额不等于数量×价格。请更正其中一项。")
    def amount_is_product(cls) -> pl.Expr:
        product = pl.col("quantity") * pl.col("price")
        gap = (pl.col("amount") - product).abs()
        return (gap <= AMOUNT_TOLERANCE) | (gap <= AMOUNT_RELATIVE_TOLERANCE * product)


class ServiceRequests(Area):
    """What clients asked for: a row a request."""

    request_id = field.text("Request ID", "服务编号", "A number of its own for the request.", "服务请求的编号。", key=True, pattern=_ID, longest=40)
    client_id = field.text("Client ID", "客户编号", "Who asked.", "提出请求的客户。", required=True, pattern=_ID, longest=40)
    opened_at = field.instant("Opened at", "提出时间", "When the client asked.", "客户提出请求的时间。", required=True)
    category = field.code("Category", "服务类别", "request_category", "What it is about.", "请求的类别。", required=True)
    channel = field.code("Channel", "渠道", "trade_channel", "How it came in.", "请求的渠道。")
    text = field.text("Text", "内容", "In the client's words; no names or numbers of others.", "客户原话；不写他人姓名和号码。", sensitivity="S", longest=2000)
    priority = field.code("Priority", "优先级", "priority", "High, normal or low.", "高、中或低。")
    first_response_at = field.instant("First response at", "首次响应时间", "When somebody first answered.", "首次答复的时间。")
    closed_at = field.instant("Closed at", "办结时间", "When it was settled.", "办结的时间。")
    status = field.code("Status", "处理状态", "request_status", "Open, in progress or closed.", "待处理、处理中或已办结。", required=True)
    handler = field.text("Handler", "处理人", "Staff number of who deals with it.", "处理人的工号。", longest=40)

    @rule("first_response_at", "opened_at", en="The first response lies before the request. Correct one of the two times.", zh="首次响应时间早于提出时间。请更正其中一项。")
    def response_after_opening(cls) -> pl.Expr:
        return pl.col("first_response_at") >= pl.col("opened_at")

    @rule("closed_at", "first_response_at", en="The request was closed before the first response. Correct one of the two times.", zh="办结时间早于首次响应时间。请更正其中一项。")
    def closed_after_response(cls) -> pl.Expr:
        return pl.col("closed_at") >= pl.col("first_response_at")

    @rule("closed_at", "opened_at", en="The request was closed before it was opened. Correct one of the two times.", zh="办结时间早于提出时间。请更正其中一项。")
    def closed_after_opening(cls) -> pl.Expr:
        return pl.col("closed_at") >= pl.col("opened_at")

    @rule("closed_at", "status", en="Status and closing time contradict each other. A closed request has a closing time, an open one has none.", zh="处理状态与办结时间矛盾。已办结须有办结时间，未办结不应有。")
    def closed_has_time(cls) -> pl.Expr:
        return (pl.col("status") == "closed") == pl.col("closed_at").is_not_null()


class Feedback(Area):
    """What clients thought of it: a row an answer."""

    feedback_id = field.text("Feedback ID", "反馈编号", "A number of its own for the answer.", "反馈的编号。", key=True, pattern=_ID, longest=40)
    client_id = field.text("Client ID", "客户编号", "Who answered.", "给出反馈的客户。", required=True, pattern=_ID, longest=40)
    given_at = field.instant("Given at", "反馈时间", "When the answer was given.", "给出反馈的时间。", required=True)
    channel = field.code("Channel", "渠道", "trade_channel", "How it came in.", "反馈的渠道。")
    csat = field.integer("Satisfaction", "满意度", "1 (very bad) to 5 (very good).", "1（很不满意）至5（很满意）。", minimum=1, maximum=5)
    nps = field.integer("Would recommend", "推荐意愿", "0 (never) to 10 (surely).", "0（绝不）至10（一定）。", minimum=0, maximum=10)
    comment = field.text("Comment", "意见", "In the client's words.", "客户原话。", sensitivity="S", longest=2000)


class Balances(Area):
    """Cash and margin: a row per client and date."""

    client_id = _client_id()
    as_of = field.date("Date", "日期", "The day for which the figures hold.", "数据对应的日期。", key=True)
    cash = field.money("Cash", "资金余额", "Cash in the account.", "账户内的资金。", required=True)
    margin_loan = field.money("Margin loan", "融资余额", "Money borrowed to buy securities, 0 if none.", "融资买入的余额，没有则填0。", required=True, minimum=0)
    short_value = field.money("Short value", "融券市值", "Market value of borrowed and sold securities, 0 if none.", "融券卖出的市值，没有则填0。", required=True, minimum=0)
    accrued_interest = field.money("Accrued interest", "应计利息", "Interest and fees owed, 0 if none.", "应付利息和费用，没有则填0。", required=True, minimum=0)
    currency = _currency()


class Acknowledgements(Area):
    """Alerts of the risk review that somebody answers for: a row per client, rule and day."""

    client_id = _client_id()
    rule = field.code("Risk rule", "风险规则", "risk_rule", "Which alert it is about.", "所确认的是哪一类风险提示。", key=True)
    acknowledged_on = field.date("Acknowledged on", "确认日期", "The day on which the alert was looked at and answered for.", "核实并确认该风险提示的日期。", key=True)
    severity = field.code("Severity", "严重程度", "alert_severity", "How grave the alert was then.", "确认时该风险提示的严重程度。", required=True)
    value = field.number("Value then", "确认时数值", "The measure as the alert stated it: a share of 3.1% is 0.031. Empty if there is none.", "风险提示所示的数值：3.1%填0.031。没有则留空。")
    acknowledged_by = field.text("Acknowledged by", "确认人", "The staff number of who answers for it.", "确认人的工号。", longest=40)
    reason = field.text("Reason", "确认理由", "Why nothing need be done for now, e.g. client called, pays in on Friday.", "暂不处理的理由，例如已联系客户，周五追加资金。", required=True, sensitivity="S", longest=500)


# --------------------------------------------------------------------------- reference
class Securities(Area):
    """What can be held: a row a security."""

    security_id = field.text("Security ID", "证券代码", "Code or ISIN.", "代码或ISIN。", key=True, pattern=_ID, longest=40)
    name = field.text("Name", "证券名称", "As on the market.", "市场公布的名称。", required=True, longest=200)
    asset_class = field.code("Asset class", "资产类别", "asset_class", "Choose from the list.", "从列表选择。", required=True)
    risk_level = field.code("Risk level", "产品风险等级", "product_level", "R1 to R5, as the firm rated it.", "R1至R5，以公司评级为准。", required=True)
    currency = _currency()
    issuer = field.text("Issuer", "发行人", "Who issued it.", "证券的发行人。")
    market = field.text("Market", "市场", "Exchange or market code.", "交易所或市场代码。", longest=40)
    sector = field.text("Sector", "行业", "Economic sector, where known.", "所属行业（如已知）。", longest=60)


class Prices(Area):
    """What it was worth: a row per security and day."""

    security_id = field.text("Security ID", "证券代码", "As in the securities sheet.", "与证券表一致。", key=True, pattern=_ID, longest=40)
    date = field.date("Date", "日期", "The trading day.", "交易日。", key=True)
    close = field.number("Close", "收盘价", "Closing price, digits only.", "收盘价，只填数字。", required=True, above=0)
    volume = field.number("Volume", "成交量", "Units traded that day in the whole market (shares, not lots), if known.", "当日全市场成交的数量（股、份、张，不是手），如已知。", minimum=0)


# --------------------------------------------------------------------------- campaigns
class Campaigns(Area):
    """What the firm offered: a row a campaign."""

    campaign_id = field.text("Campaign ID", "活动编号", "A number of its own for the campaign.", "活动的编号。", key=True, pattern=_ID, longest=40)
    name = field.text("Name", "活动名称", "What it is called inside the firm.", "公司内部的名称。", required=True)
    product_filter = field.text("Product filter", "产品范围", "Which products it is about, e.g. asset_class=bond.", "活动涉及的产品，例如 asset_class=bond。", longest=200)
    starts_on = field.date("Starts on", "开始日期", "First day.", "开始的日期。", required=True)
    ends_on = field.date("Ends on", "结束日期", "Last day.", "结束的日期。", required=True)

    @rule("ends_on", "starts_on", en="The campaign would end before it starts. Correct one of the two dates.", zh="结束日期早于开始日期。请更正其中一项。")
    def ends_after_start(cls) -> pl.Expr:
        return pl.col("ends_on") >= pl.col("starts_on")


class CampaignContacts(Area):
    """Whom the firm reached, and whom it left alone to compare with: a row per campaign and client."""

    campaign_id = field.text("Campaign ID", "活动编号", "As in the campaigns sheet.", "与活动表一致。", key=True, pattern=_ID, longest=40)
    client_id = _client_id()
    arm = field.code("Arm", "分组", "campaign_arm", "Treated, or control (left alone).", "触达组或对照组。", required=True)
    contacted_at = field.instant("Contacted at", "触达时间", "When the client was reached; empty for control.", "触达客户的时间；对照组留空。")
    outcome = field.code("Outcome", "结果", "campaign_outcome", "What came of it.", "触达的结果。")
    outcome_at = field.instant("Outcome at", "结果时间", "When it came.", "结果产生的时间。")

    @rule("outcome_at", "contacted_at", en="The outcome lies before the contact. Correct one of the two times.", zh="结果时间早于触达时间。请更正其中一项。")
    def outcome_after_contact(cls) -> pl.Expr:
        return pl.col("outcome_at") >= pl.col("contacted_at")
# fmt: on


# --------------------------------------------------------------------------- the whole table
Merged = Literal["all", "kept", "newest", "added"]
"""Of two clients found to be one: all rows stand; only those of the client that is kept, where it has any;
of two rows with one key the newest, of equally new ones that of the client that is kept; or their amounts
are added up."""


@dataclass(frozen=True, eq=False)
class AreaInfo:
    """One area: its schema, its titles, and the field that places its rows in business time.

    `business_date` None: the rows hold at any time. `versioned`: the newest row per client up to a
    date replaces the older ones, rather than standing beside them. `merged`: what becomes of the rows of
    two clients that were found to be one and the same.
    """

    name: str
    schema: type[Area]
    title_en: str
    title_zh: str
    business_date: str | None
    versioned: bool
    merged: Merged
    fields: tuple[Field, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return schema_key(self.schema)

    @property
    def identity(self) -> tuple[str, ...]:
        """Names of the fields that live in the vault."""
        return tuple(f.name for f in self.fields if f.sensitivity == "I")

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if f.name == name)

    def find(self, name: str | None) -> Field | None:
        """The field of that name, if the area has one."""
        return next((f for f in self.fields if f.name == name), None)

    def title(self, language: str) -> str:
        return self.title_zh if language == "zh" else self.title_en

    def extended(self, columns: Mapping[str, dy.Column]) -> AreaInfo:
        """This area with further columns, made by the words of `declare`."""
        schema = type(f"{self.schema.__name__}Extended", (self.schema,), dict(columns))
        fields = describe(self.name, schema, schema_key(schema))
        marked = tuple(replace(field, custom=field.name in columns) for field in fields)
        return replace(self, schema=schema, fields=marked)


Areas = Mapping[str, AreaInfo]
"""A whole table: the built-in one, or a workbook's with the fields that its firm added."""


def _area(
    name: str,
    schema: type[Area],
    en: str,
    zh: str,
    date: str | None,
    versioned: bool = False,
    merged: Merged = "all",
) -> AreaInfo:
    fields = describe(name, schema, schema_key(schema))
    return AreaInfo(name, schema, en, zh, date, versioned, merged, fields)


AREAS: Areas = MappingProxyType(
    {
        info.name: info
        for info in (
            _area("clients", Clients, "Basic information", "基本信息", "updated_at", True, "kept"),
            _area("contacts", Contacts, "Contact", "联系方式", "updated_at", True, "kept"),
            _area("finances", Finances, "Finances", "财务状况", "as_of", True, "newest"),
            _area(
                "preferences",
                Preferences,
                "Investment preferences",
                "投资偏好",
                "assessed_on",
                True,
                "newest",
            ),
            _area("relations", Relations, "Relations", "关系人", "since"),
            _area("trades", Trades, "Trades", "交易记录", "traded_at"),
            _area("service_requests", ServiceRequests, "Service requests", "服务需求", "opened_at"),
            _area("feedback", Feedback, "Feedback", "反馈与评价", "given_at"),
            _area("balances", Balances, "Cash and margin", "资金与两融", "as_of", True, "added"),
            _area(
                "acknowledgements",
                Acknowledgements,
                "Acknowledged alerts",
                "风险提示确认",
                "acknowledged_on",
                merged="newest",
            ),
            _area("securities", Securities, "Securities", "证券", None),
            _area("prices", Prices, "Prices", "行情", "date"),
            _area("campaigns", Campaigns, "Campaigns", "营销活动", "starts_on"),
            _area(
                "campaign_contacts",
                CampaignContacts,
                "Campaign contacts",
                "活动触达",
                "contacted_at",
                merged="newest",
            ),
        )
    }
)
"""Every area by its name, in the order in which a hand-in shows them."""
