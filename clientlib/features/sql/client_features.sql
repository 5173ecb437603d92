-- One row for every client known at the as-of date; what each column means stands in dictionary.py.
--
-- Money is in the currency asked for: what is held, traded or owed in another one is left out of every
-- amount here, and counted where a count is due (foreign_positions). Nothing that happened after the
-- as-of day is read, also not the later answer to, or settling of, a request that was open then.
WITH people AS (
    SELECT
        c.client_id, c.client_type, c.investor_class, c.branch, c.advisor, c.status, c.client_group,
        year(p.as_of) - year(c.birth_date)
        - CASE WHEN month(p.as_of) * 100 + day(p.as_of) < month(c.birth_date) * 100 + day(c.birth_date)
            THEN 1 ELSE 0 END AS age,
        date_diff('day', c.opened_on, p.as_of) AS tenure_days
    FROM clients AS c CROSS JOIN parameters AS p
    WHERE c.updated_at < p.until
    QUALIFY row_number() OVER (PARTITION BY c.client_id ORDER BY c.updated_at DESC) = 1
),
means AS (
    SELECT
        f.client_id, f.capacity_band,
        CASE WHEN coalesce(f.currency, p.currency) = p.currency THEN f.annual_income END AS annual_income,
        CASE WHEN coalesce(f.currency, p.currency) = p.currency THEN f.financial_assets END
            AS financial_assets
    FROM finances AS f CROSS JOIN parameters AS p
    WHERE f.as_of <= p.as_of
    QUALIFY row_number() OVER (PARTITION BY f.client_id ORDER BY f.as_of DESC) = 1
),
assessed AS (
    SELECT
        f.client_id, f.risk_level, f.level_source, f.lowest_class, f.assessed_on,
        date_diff('day', f.assessed_on, p.as_of) AS assessment_age_days,
        coalesce(f.expires_on, CAST(f.assessed_on + INTERVAL 1 MONTH * p.valid_months AS DATE)) AS expires_on
    FROM preferences AS f CROSS JOIN parameters AS p
    WHERE f.assessed_on <= p.as_of
    QUALIFY row_number() OVER (PARTITION BY f.client_id ORDER BY f.assessed_on DESC) = 1
),
funds AS (
    SELECT
        b.client_id,
        CASE WHEN b.currency = p.currency THEN b.cash END AS cash,
        CASE WHEN b.currency = p.currency THEN b.margin_loan END AS margin_loan,
        CASE WHEN b.currency = p.currency THEN b.short_value END AS short_value,
        CASE WHEN b.currency = p.currency THEN b.accrued_interest END AS accrued_interest
    FROM balances AS b CROSS JOIN parameters AS p
    WHERE b.as_of <= p.as_of
    QUALIFY row_number() OVER (
        -- A client that was merged may have several currencies on one day.
        PARTITION BY b.client_id
        ORDER BY b.as_of DESC, CASE WHEN b.currency = p.currency THEN 0 ELSE 1 END, b.currency
    ) = 1
),
-- ------------------------------------------------------------------------------- what is held
gains AS (
    SELECT
        h.client_id,
        CAST(sum(h.counted_trades) AS BIGINT) AS counted_trades,
        CAST(sum(h.uncovered_sells) AS BIGINT) AS uncovered_sells,
        CAST(sum(CAST(h.realised_profit AS DECIMAL(38, 6))) FILTER (WHERE h.currency = p.currency) AS DOUBLE)
            AS realised_profit,
        CAST(sum(CAST(h.uncovered_amount AS DECIMAL(38, 6))) FILTER (WHERE h.currency = p.currency) AS DOUBLE)
            AS uncovered_amount
    FROM holdings AS h CROSS JOIN parameters AS p
    GROUP BY h.client_id
),
held_lines AS (
    SELECT
        h.client_id, s.asset_class, s.risk_level,
        CASE WHEN h.currency = p.currency THEN 1 ELSE 0 END AS counts,
        CAST(h.cost AS DECIMAL(38, 6)) AS cost,
        CASE WHEN h.currency = p.currency THEN CAST(h.market_value AS DECIMAL(38, 6)) END AS market_value,
        CASE WHEN h.currency = p.currency THEN CAST(h.unrealised_profit AS DECIMAL(38, 6)) END
            AS unrealised_profit
    FROM positions AS h
    CROSS JOIN parameters AS p
    LEFT JOIN securities AS s ON h.security_id = s.security_id
),
worth AS (
    SELECT
        client_id,
        count(*) AS n_positions,
        count(*) FILTER (WHERE counts = 0) AS foreign_positions,
        count(*) FILTER (WHERE counts = 1 AND market_value IS NULL) AS unpriced_positions,
        CAST(sum(cost) FILTER (WHERE counts = 1) AS DOUBLE) AS cost,
        CAST(sum(cost) FILTER (WHERE counts = 1 AND market_value IS NULL) AS DOUBLE) AS unpriced_cost,
        CAST(sum(market_value) AS DOUBLE) AS market_value,
        CAST(sum(unrealised_profit) AS DOUBLE) AS unrealised_profit,
        CAST(max(market_value) AS DOUBLE) AS largest,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'stock') AS DOUBLE) AS stock,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'bond') AS DOUBLE) AS bond,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'fund') AS DOUBLE) AS fund,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'money_market') AS DOUBLE) AS money_market,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'structured') AS DOUBLE) AS structured,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'derivative') AS DOUBLE) AS derivative,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'private_fund') AS DOUBLE) AS private_fund,
        CAST(sum(market_value) FILTER (WHERE asset_class = 'other') AS DOUBLE) AS other,
        CAST(sum(market_value) FILTER (WHERE asset_class IS NULL) AS DOUBLE) AS unlisted,
        CAST(sum(market_value) FILTER (WHERE risk_level = 'R1') AS DOUBLE) AS r1,
        CAST(sum(market_value) FILTER (WHERE risk_level = 'R2') AS DOUBLE) AS r2,
        CAST(sum(market_value) FILTER (WHERE risk_level = 'R3') AS DOUBLE) AS r3,
        CAST(sum(market_value) FILTER (WHERE risk_level = 'R4') AS DOUBLE) AS r4,
        CAST(sum(market_value) FILTER (WHERE risk_level = 'R5') AS DOUBLE) AS r5,
        CAST(sum(market_value) FILTER (WHERE risk_level IS NULL) AS DOUBLE) AS unrated
    FROM held_lines
    GROUP BY client_id
),
valued AS (
    -- Nothing held is worth zero; something held without any price is worth nobody knows what.
    SELECT
        c.client_id,
        coalesce(w.n_positions, 0) AS n_positions,
        coalesce(w.foreign_positions, 0) AS foreign_positions,
        coalesce(w.unpriced_positions, 0) AS unpriced_positions,
        coalesce(w.cost, 0) AS cost,
        coalesce(w.unpriced_cost, 0) AS unpriced_cost,
        CASE WHEN coalesce(w.unpriced_positions, 0) = 0 THEN coalesce(w.market_value, 0)
            ELSE w.market_value END AS market_value,
        CASE WHEN coalesce(w.unpriced_positions, 0) = 0 THEN coalesce(w.unrealised_profit, 0)
            ELSE w.unrealised_profit END AS unrealised_profit,
        CASE WHEN w.market_value > 0 THEN w.market_value END AS priced_value,
        coalesce(w.largest, 0) AS largest,
        coalesce(w.stock, 0) AS stock, coalesce(w.bond, 0) AS bond, coalesce(w.fund, 0) AS fund,
        coalesce(w.money_market, 0) AS money_market, coalesce(w.structured, 0) AS structured,
        coalesce(w.derivative, 0) AS derivative, coalesce(w.private_fund, 0) AS private_fund,
        coalesce(w.other, 0) AS other, coalesce(w.unlisted, 0) AS unlisted,
        coalesce(w.r1, 0) AS r1, coalesce(w.r2, 0) AS r2, coalesce(w.r3, 0) AS r3,
        coalesce(w.r4, 0) AS r4, coalesce(w.r5, 0) AS r5, coalesce(w.unrated, 0) AS unrated
    FROM people AS c
    LEFT JOIN worth AS w ON c.client_id = w.client_id
),
-- ------------------------------------------------------------------------------- what was done
activity AS (
    SELECT
        t.client_id,
        count(*) AS n_trades,
        count(*) FILTER (WHERE t.side = 'buy') AS buys,
        count(*) FILTER (WHERE t.side = 'sell') AS sells,
        max(t.traded_at) AS last_traded_at,
        count(*) FILTER (WHERE t.traded_at >= p.recent_since) AS frequency,
        CAST(sum(CASE WHEN t.traded_at >= p.recent_since AND t.currency = p.currency AND t.amount < 1e15
            THEN CAST(t.amount AS DECIMAL(38, 6)) END) AS DOUBLE) AS monetary,
        CAST(sum(CASE WHEN t.traded_at >= p.year_since AND t.currency = p.currency AND t.amount < 1e15
            THEN CAST(t.amount AS DECIMAL(38, 6)) END) AS DOUBLE) AS traded_in_year,
        count(*) FILTER (WHERE t.channel IN ('app', 'web')) AS digital,
        count(t.channel) AS with_channel
    FROM trades AS t CROSS JOIN parameters AS p
    WHERE t.traded_at < p.until
    GROUP BY t.client_id
),
-- ------------------------------------------------------------------- what was asked and answered
requests_seen AS (
    SELECT
        r.client_id, r.category,
        CASE WHEN r.opened_at >= p.service_since THEN 1 ELSE 0 END AS recent,
        CASE WHEN r.closed_at >= p.until OR (r.closed_at IS NULL AND coalesce(r.status, 'open') <> 'closed')
            THEN 1 ELSE 0 END AS is_open,
        CASE WHEN r.first_response_at < p.until
            THEN date_diff('microsecond', r.opened_at, r.first_response_at) / 3.6e9 END AS response_hours
    FROM service_requests AS r CROSS JOIN parameters AS p
    WHERE r.opened_at < p.until
),
service AS (
    SELECT
        client_id,
        count(*) FILTER (WHERE recent = 1) AS requests,
        count(*) FILTER (WHERE recent = 1 AND category = 'complaint') AS complaints,
        count(*) FILTER (WHERE is_open = 1) AS open_requests,
        median(CASE WHEN recent = 1 THEN response_hours END) AS median_first_response_hours
    FROM requests_seen
    GROUP BY client_id
),
answers AS (
    SELECT f.feedback_id, f.client_id, f.given_at, f.csat, f.nps,
        CASE WHEN f.given_at >= p.service_since THEN 1 ELSE 0 END AS recent
    FROM feedback AS f CROSS JOIN parameters AS p
    WHERE f.given_at < p.until
),
opinions AS (
    SELECT
        client_id,
        count(*) FILTER (WHERE recent = 1) AS n_feedback,
        avg(CASE WHEN recent = 1 THEN csat END) AS mean_csat
    FROM answers
    GROUP BY client_id
),
last_csat AS (
    SELECT client_id, csat
    FROM answers
    WHERE csat IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY client_id ORDER BY given_at DESC, feedback_id DESC) = 1
),
last_nps AS (
    SELECT client_id, nps
    FROM answers
    WHERE nps IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY client_id ORDER BY given_at DESC, feedback_id DESC) = 1
)
SELECT
    c.client_id,
    -- who
    c.client_type, c.investor_class, c.branch, c.advisor, c.status, c.client_group, c.age, c.tenure_days,
    m.annual_income, m.financial_assets, m.capacity_band,
    -- level
    a.risk_level, a.level_source, coalesce(a.lowest_class, FALSE) AS lowest_class, a.assessed_on,
    a.assessment_age_days, a.expires_on,
    coalesce(a.risk_level IS NOT NULL AND a.expires_on >= p.as_of, FALSE) AS level_valid,
    -- holdings
    p.currency, v.market_value, v.cost, v.unpriced_cost, v.unrealised_profit,
    coalesce(g.realised_profit, 0) AS realised_profit,
    v.n_positions, v.unpriced_positions, v.foreign_positions,
    coalesce(g.uncovered_sells, 0) AS uncovered_sells, coalesce(g.uncovered_amount, 0) AS uncovered_amount,
    v.largest / v.priced_value AS largest_weight,
    v.stock / v.priced_value AS share_stock,
    v.bond / v.priced_value AS share_bond,
    v.fund / v.priced_value AS share_fund,
    v.money_market / v.priced_value AS share_money_market,
    v.structured / v.priced_value AS share_structured,
    v.derivative / v.priced_value AS share_derivative,
    v.private_fund / v.priced_value AS share_private_fund,
    v.other / v.priced_value AS share_other,
    v.unlisted / v.priced_value AS share_unlisted,
    v.r1 / v.priced_value AS share_r1,
    v.r2 / v.priced_value AS share_r2,
    v.r3 / v.priced_value AS share_r3,
    v.r4 / v.priced_value AS share_r4,
    v.r5 / v.priced_value AS share_r5,
    v.unrated / v.priced_value AS share_unrated,
    -- cash and margin
    b.cash, b.margin_loan, b.short_value, b.accrued_interest,
    (b.cash + coalesce(v.market_value, 0)) / nullif(b.margin_loan + b.short_value + b.accrued_interest, 0)
        AS maintenance_ratio,
    -- trading
    coalesce(t.n_trades, 0) AS n_trades, coalesce(t.buys, 0) AS buys, coalesce(t.sells, 0) AS sells,
    coalesce(t.n_trades, 0) - coalesce(g.counted_trades, 0) AS uncounted_trades,
    date_diff('day', CAST(t.last_traded_at AT TIME ZONE p.time_zone AS DATE), p.as_of) AS recency_days,
    coalesce(t.frequency, 0) AS frequency,
    coalesce(t.monetary, 0) AS monetary,
    coalesce(t.traded_in_year, 0) / 2 / v.priced_value AS turnover,
    t.digital / nullif(CAST(t.with_channel AS DOUBLE), 0) AS digital_share,
    -- service and feedback
    coalesce(r.requests, 0) AS requests, coalesce(r.complaints, 0) AS complaints,
    coalesce(r.open_requests, 0) AS open_requests, r.median_first_response_hours,
    coalesce(o.n_feedback, 0) AS n_feedback, o.mean_csat, lc.csat AS last_csat, ln.nps AS last_nps
FROM people AS c
CROSS JOIN parameters AS p
INNER JOIN valued AS v ON c.client_id = v.client_id
LEFT JOIN means AS m ON c.client_id = m.client_id
LEFT JOIN assessed AS a ON c.client_id = a.client_id
LEFT JOIN funds AS b ON c.client_id = b.client_id
LEFT JOIN gains AS g ON c.client_id = g.client_id
LEFT JOIN activity AS t ON c.client_id = t.client_id
LEFT JOIN service AS r ON c.client_id = r.client_id
LEFT JOIN opinions AS o ON c.client_id = o.client_id
LEFT JOIN last_csat AS lc ON c.client_id = lc.client_id
LEFT JOIN last_nps AS ln ON c.client_id = ln.client_id
