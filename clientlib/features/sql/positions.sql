-- One row per client, security and currency held at the end of the as-of day.
--
-- The price is the last close up to that day, unless it is stale: more than stale_days trading days old
-- (a trading day is one on which any security of the book has a price) or, should the book's prices have
-- stopped altogether, more than stale_calendar_days days. A price in another currency than the trades'
-- does not fit either. Without a price a position is shown as unpriced: price, value and profit are null,
-- while price_date still tells of which day the last close is.
WITH trading_days AS (
    SELECT pricing_day, row_number() OVER (ORDER BY pricing_day DESC) - 1 AS days_since
    FROM (
        SELECT DISTINCT q.date AS pricing_day
        FROM prices AS q CROSS JOIN parameters AS p
        WHERE q.date <= p.as_of
    ) AS days
),
last_prices AS (
    SELECT q.security_id, max(q.date) AS price_date, arg_max(q.close, q.date) AS close
    FROM prices AS q CROSS JOIN parameters AS p
    WHERE q.date <= p.as_of AND q.close IS NOT NULL
    GROUP BY q.security_id
),
quotes AS (
    SELECT
        l.security_id, l.price_date,
        CASE
            WHEN d.days_since <= p.stale_days
                AND date_diff('day', l.price_date, p.as_of) <= p.stale_calendar_days
                AND l.close < 1e15
            THEN l.close
        END AS price
    FROM last_prices AS l
    INNER JOIN trading_days AS d ON l.price_date = d.pricing_day
    CROSS JOIN parameters AS p
),
priced AS (
    SELECT
        h.client_id, h.security_id, h.currency, h.quantity, h.cost, q.price_date,
        CASE WHEN coalesce(s.currency, h.currency) = h.currency THEN q.price END AS price
    FROM holdings AS h
    LEFT JOIN quotes AS q ON h.security_id = q.security_id
    LEFT JOIN securities AS s ON h.security_id = s.security_id
    WHERE h.quantity > 0
)
SELECT
    client_id, security_id, currency, quantity, cost, price, price_date,
    quantity * price AS market_value,
    quantity * price - cost AS unrealised_profit
FROM priced
