-- One row a trade: what the client then held of the security, what that had cost, what a sale earned.
--
-- Average cost per client, security and currency. Fees of a buy are part of its cost; fees of a sale
-- come off its proceeds. A sale takes the same share of the cost as of the quantity, so with
--     b_i  cost of buy i,   r_j = 1 - sold_j / held before j   for a sale that leaves something,
--     P_t = product of r_j up to t      the cost after trade t is      P_t * sum over i <= t of (b_i / P_i)
-- since the holding was last empty (an episode). P is kept as its logarithm, the path, and the path is cut
-- into stretches of 28: within one, b / P neither overflows nor loses digits; cost from the two stretches
-- before is carried in, and what is older weighs less than a double can hold.
--
-- Quantities, paths and scaled costs are added up as decimals: exact, so in any order and on any number of
-- threads the same. Trades of one instant count buys first. A sale beyond the holding is uncovered for
-- the part beyond: the holding stays at zero, and no profit is claimed on that part. What is left of a
-- holding below a millionth of a unit, or a 1e-12th of it, counts as nothing. Trades that lack a field
-- needed here, or state a quadrillion or more, are not counted.
WITH counted AS (
    SELECT
        t.trade_id, t.client_id, t.security_id, t.currency, t.traded_at, t.amount, coalesce(t.fee, 0) AS fee,
        -- Whole units and the rest go apart: a large double times 1e8 would lose its last digit.
        CAST(CASE WHEN t.side = 'buy' THEN 1 ELSE -1 END * (
            CAST(CAST(floor(t.quantity) AS BIGINT) AS DECIMAL(23, 8))
            + CAST(t.quantity - floor(t.quantity) AS DECIMAL(9, 8))
        ) AS DECIMAL(24, 8)) AS change
    FROM trades AS t CROSS JOIN parameters AS p
    WHERE t.traded_at < p.until
        AND t.client_id IS NOT NULL AND t.security_id IS NOT NULL AND t.currency IS NOT NULL
        AND t.side IN ('buy', 'sell')
        AND t.quantity >= 1e-8 AND t.quantity < 1e15 AND t.amount < 1e15 AND coalesce(t.fee, 0) < 1e15
),
-- While the windows run, one number stands for client, security and currency: far faster than names.
traders AS (
    SELECT client_id, row_number() OVER (ORDER BY client_id) * 2147483648 AS trader
    FROM (SELECT DISTINCT client_id FROM counted) AS names
),
instruments AS (
    SELECT security_id, currency, row_number() OVER (ORDER BY security_id, currency) AS instrument
    FROM (SELECT DISTINCT security_id, currency FROM counted) AS names
),
numbered AS (
    SELECT t.trader + i.instrument AS pair, c.trade_id, c.traded_at, c.amount, c.fee, c.change
    FROM counted AS c
    INNER JOIN traders AS t ON c.client_id = t.client_id
    INNER JOIN instruments AS i ON c.security_id = i.security_id AND c.currency = i.currency
),
balanced AS (
    SELECT
        pair, trade_id, amount, fee, change,
        row_number() OVER (PARTITION BY pair ORDER BY traded_at, change < 0, trade_id) AS turn,
        CAST(sum(change) OVER (
            PARTITION BY pair ORDER BY traded_at, change < 0, trade_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS DECIMAL(34, 8)) AS balance
    FROM numbered
),
reflected AS (
    -- What was held is the running balance, lifted by how far it had ever been below zero.
    SELECT
        pair, turn, trade_id, amount, fee, change,
        balance - change - least(0, coalesce(min(balance) OVER (
            PARTITION BY pair ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0)) AS held_before
    FROM balanced
),
held AS (
    SELECT
        pair, turn, trade_id, amount, fee,
        CAST(change AS DOUBLE) AS change,
        CAST(held_before AS DOUBLE) AS held_before,
        CAST(greatest(0, held_before + change) AS DOUBLE) AS held_after
    FROM reflected
),
emptied AS (
    SELECT
        pair, turn, trade_id, amount, fee, change, held_before, held_after,
        CASE WHEN held_after <= 1e-6 OR held_after <= 1e-12 * held_before THEN 1 ELSE 0 END AS empty
    FROM held
),
kept AS (
    SELECT
        pair, turn, trade_id, amount, fee, change, held_before, held_after, empty,
        CASE WHEN change < 0 AND empty = 0 THEN held_after / held_before ELSE 1 END AS ratio
    FROM emptied
),
followed AS (
    SELECT
        pair, turn, trade_id, amount, fee, change, held_before, held_after, empty,
        CAST(coalesce(sum(empty) OVER (
            PARTITION BY pair ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS BIGINT) AS episode,
        CAST(sum(CAST(CASE WHEN ratio < 1 THEN ln(ratio) ELSE 0 END AS DECIMAL(24, 18))) OVER (
            PARTITION BY pair ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS DECIMAL(34, 18)) AS path
    FROM kept
),
stretched AS (
    SELECT
        pair, turn, trade_id, amount, fee, change, held_before, held_after, empty, episode, path,
        CAST(floor(CAST(-path AS DOUBLE) / 28) AS BIGINT) AS stretch
    FROM followed
),
shared AS (
    SELECT
        pair, turn, trade_id, amount, fee, change, held_before, held_after, empty, episode, stretch,
        exp(CAST(path + 28 * stretch AS DOUBLE)) AS share
    FROM stretched
),
scaled AS (
    SELECT
        pair, turn, trade_id, amount, fee, change, held_before, held_after, empty, episode, stretch,
        share, CAST(CASE WHEN change > 0 THEN (amount + fee) / share ELSE 0 END AS DECIMAL(38, 8)) AS cost_in
    FROM shared
),
stretches AS (
    SELECT pair, episode, stretch, CAST(sum(cost_in) AS DOUBLE) AS cost_in
    FROM scaled
    WHERE pair IN (SELECT pair FROM scaled WHERE stretch > 0)
    GROUP BY pair, episode, stretch
),
carried AS (
    SELECT
        pair, episode, stretch,
        exp(-28.0) * lag(cost_in, 1, 0) OVER (PARTITION BY pair, episode ORDER BY stretch)
        + exp(-56.0) * lag(cost_in, 2, 0) OVER (PARTITION BY pair, episode ORDER BY stretch)
            AS carry
    FROM stretches
),
based AS (
    SELECT
        pair, turn, trade_id, amount, fee, change, held_before, held_after, empty, episode, stretch,
        share,
        CAST(sum(cost_in) OVER (
            PARTITION BY pair, episode, stretch ORDER BY turn
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS DOUBLE) AS cost_in
    FROM scaled
),
costed AS (
    -- The basis of a trade that empties the holding is the cost before it; of any other, the cost after it.
    SELECT
        b.pair, b.turn, b.trade_id, b.amount, b.fee, b.change, b.held_before, b.held_after, b.empty,
        b.share * (b.cost_in + coalesce(c.carry, 0)) AS basis,
        CASE WHEN b.held_before > 1e-6 THEN least(-b.change, b.held_before) / -b.change ELSE 0 END AS covered
    FROM based AS b
    LEFT JOIN carried AS c
        ON b.pair = c.pair AND b.episode = c.episode AND b.stretch = c.stretch
)
SELECT
    c.trade_id, t.client_id, i.security_id, i.currency, c.turn,
    CASE WHEN c.empty = 1 THEN 0 ELSE c.held_after END AS quantity,
    CASE WHEN c.empty = 1 THEN 0 ELSE c.basis END AS cost,
    CASE
        WHEN c.change > 0 THEN NULL
        WHEN c.covered = 0 THEN 0
        WHEN c.empty = 1 THEN (c.amount - c.fee) * c.covered - c.basis
        ELSE c.amount - c.fee - c.basis * (-c.change / c.held_after)
    END AS realised_profit,
    CASE WHEN c.change < 0 AND -c.change * (1 - c.covered) > 1e-6 AND c.covered < 1 - 1e-12
        THEN -c.change * (1 - c.covered) ELSE 0 END AS uncovered_quantity,
    CASE WHEN c.change < 0 AND -c.change * (1 - c.covered) > 1e-6 AND c.covered < 1 - 1e-12
        THEN c.amount * (1 - c.covered) ELSE 0 END AS uncovered_amount
FROM costed AS c
INNER JOIN traders AS t ON c.pair - c.pair % 2147483648 = t.trader
INNER JOIN instruments AS i ON c.pair % 2147483648 = i.instrument
