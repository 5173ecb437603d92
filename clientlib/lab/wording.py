"""The words on the explorer itself, in English and Chinese.

Names of fields and codes are not repeated here: they come from `clientlib.tables` and `clientlib.codes`.
"""

from __future__ import annotations

from clientlib.lab.catalogue import Catalogue

WORDS = Catalogue(
    {
        # ------------------------------------------------------------ above the list
        "title": ("Client explorer", "客户查询"),
        "header": (
            "{firm} · as of {as_of} · {total:,} clients · read only, identity masked",
            "{firm} · 截至 {as_of} · 共 {total:,} 位客户 · 只读，身份信息已脱敏",
        ),
        "language_hint": ("Show everything in this language", "切换界面语言"),
        "search": ("Search", "搜索"),
        "search_empty": (
            "client ID, 138, 张, branch, advisor, any word",
            "客户编号、138、张、营业部、客户经理或任意词",
        ),
        "search_hint": (
            "Several words must all occur. Names and numbers are searched as shown, with their masks.",
            "多个词须同时出现。姓名和号码按脱敏后显示的内容搜索。",
        ),
        "clear": ("Clear", "清除"),
        "clear_hint": ("Empty the search and all filters", "清空搜索和所有筛选条件"),
        "any": ("All", "全部"),
        "filter_hint": ("Only clients with this value: {what}", "只显示符合的客户：{what}"),
        # ------------------------------------------------------------ the list
        "list": ("List", "列表"),
        "list_name": (
            "Clients found, page {page} of {pages}, sorted by {column}",
            "查询结果，第 {page} 页，共 {pages} 页，按{column}排序",
        ),
        "sort_hint": (
            "Sort by {what}; press again to turn the order round",
            "按{what}排序；再按一次反向排序",
        ),
        "rows_hint": ("Press a client ID to open that client's card", "点击客户编号查看客户卡片"),
        "open_hint": ("Open the card of client {client}", "打开客户 {client} 的卡片"),
        "count": ("{found:,} of {total:,} clients", "{total:,} 位客户中的 {found:,} 位"),
        "page": ("page {page:,} of {pages:,}", "第 {page:,} 页，共 {pages:,} 页"),
        "first": ("First", "首页"),
        "previous": ("Previous", "上一页"),
        "next": ("Next", "下一页"),
        "last": ("Last", "末页"),
        "page_hint": ("{what} page of the list", "列表{what}"),
        "nobody": (
            "No client fits. Take a word out of the search, or set a filter back to “All”.",
            "没有符合条件的客户。请减少搜索词，或将筛选条件改回“全部”。",
        ),
        "last_trade": ("Last trade", "最近成交"),
        "assessment": ("Assessment", "测评状态"),
        # ------------------------------------------------------------ one client
        "card": ("Client card", "客户卡片"),
        "card_none": (
            "No client is chosen yet. Press a client ID in the list.",
            "尚未选择客户。请在列表中点击客户编号。",
        ),
        "card_title": ("Client {client}", "客户 {client}"),
        "back": ("Back to the list", "返回列表"),
        "back_hint": ("Show the list of clients again", "返回客户列表"),
        "basics": ("Basic facts", "基本信息"),
        "reach": ("How to reach the client", "联系方式"),
        "bearing": ("Risk level", "风险等级"),
        "assessed": ("Assessed {day}, counts until {until}.", "{day} 测评，有效期至 {until}。"),
        "positions": ("Positions", "持仓"),
        "positions_none": ("No positions on {as_of}.", "截至 {as_of} 无持仓。"),
        "positions_note": (
            "Prices are the newest up to {as_of}. “Above level” is a mismatch to review, not proof of "
            "wrong-doing.",
            "价格为截至 {as_of} 的最新价。“超出等级”表示需复核的不匹配，并不证明存在违规。",
        ),
        "more": ("… and {left:,} more, not shown.", "……另有 {left:,} 条未显示。"),
        "amounts_in": ("Amounts are in {currency}.", "金额单位为{currency}。"),
        "quantity": ("Quantity", "数量"),
        "share": ("Share", "占比"),
        "average_cost": ("Average cost", "平均成本"),
        "current_price": ("Price", "最新价"),
        "fits": ("Fits the level", "是否匹配"),
        "fits_yes": ("within", "匹配"),
        "fits_no": ("above level", "超出等级"),
        "fits_unknown": ("cannot be judged", "无法判断"),
        "requests": ("Service requests", "服务需求"),
        "requests_none": ("No service requests.", "无服务需求记录。"),
        "feedback": ("Feedback", "反馈与评价"),
        "feedback_none": ("No feedback.", "无反馈记录。"),
        # ------------------------------------------------------------ charts
        "charts": ("Charts", "图表"),
        "trades_title": ("Trades of client {client}", "客户 {client} 的成交"),
        "trades_by_month": ("amount per month, {currency}", "每月成交金额，{currency}"),
        "trades_by_quarter": ("amount per quarter, {currency}", "每季成交金额，{currency}"),
        "trades_by_year": ("amount per year, {currency}", "每年成交金额，{currency}"),
        "trades_none": ("No trades up to {as_of}.", "截至 {as_of} 无成交记录。"),
        "holdings_title": ("Holdings of client {client} by class", "客户 {client} 的持仓类别"),
        "holdings_axis": ("market value, {currency}", "市值，{currency}"),
        "source": ("Source: the book, as of {as_of}", "来源：客户台账，截至 {as_of}"),
        "trades_alt": (
            "{title}: {count:,} trades from {first} to {last}; bought {bought}, sold {sold} {currency}.",
            "{title}：{first} 至 {last} 共 {count:,} 笔；买入 {bought}，卖出 {sold}（{currency}）。",
        ),
        "holdings_alt": ("{title}: {shares}.", "{title}：占比为 {shares}。"),
        # ------------------------------------------------------------ assessment states
        "state_valid": ("valid", "有效"),
        "state_expiring": ("expires soon", "即将到期"),
        "state_expired": ("expired", "已过期"),
        "state_none": ("never assessed", "未测评"),
        "state_unknown_level": ("level unknown", "等级不明"),
        "no_level": ("No level", "无等级"),
        "predicted": ("predicted", "推算"),
        "says_valid": ("The level counts for {days:,} more days.", "等级有效，剩余 {days:,} 天。"),
        "says_expiring": (
            "The level counts for only {days:,} more days: time for a new assessment.",
            "等级仅剩 {days:,} 天有效：请安排重新测评。",
        ),
        "says_expired": (
            "The assessment has expired, so no level counts and nothing may be recommended.",
            "测评已过期，视为无等级，不得推荐任何产品。",
        ),
        "says_none": (
            "There is no assessment, so no level counts and nothing may be recommended.",
            "没有测评记录，视为无等级，不得推荐任何产品。",
        ),
        "says_unknown_level": (
            "The assessment gives no level that the firm's schemes know, so none counts.",
            "测评等级不在公司等级体系内，视为无等级。",
        ),
        "says_predicted": ("It is predicted by a model, not assessed.", "该等级由模型推算，并非测评所得。"),
        "yes": ("Yes", "是"),
        "no": ("No", "否"),
        # ------------------------------------------------------------ nothing to show
        "empty": (
            "The book is empty, so there is nobody to show. Import a hand-in with “clientlib import FILE”, "
            "or make a demo firm with “clientlib demo”; then run this notebook again.",
            "客户台账为空，暂无客户可显示。请用 “clientlib import 文件” 导入数据，或用 “clientlib demo” "
            "生成演示数据，然后重新运行本笔记本。",
        ),
        "problem": ("The clients cannot be shown:", "无法显示客户："),
    }
)
say = WORDS.say
