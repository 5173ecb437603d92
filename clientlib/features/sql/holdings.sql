-- One row per client, security and currency ever traded: how it stands after the last trade, also when
-- nothing is left. Money is added up to a millionth, as decimals, so that the order does not matter.
SELECT
    client_id, security_id, currency,
    arg_max(quantity, turn) AS quantity,
    arg_max(cost, turn) AS cost,
    coalesce(CAST(sum(CAST(realised_profit AS DECIMAL(38, 6))) AS DOUBLE), 0) AS realised_profit,
    count(*) AS counted_trades,
    count(*) FILTER (WHERE uncovered_quantity > 0) AS uncovered_sells,
    CAST(sum(CAST(uncovered_amount AS DECIMAL(38, 6))) AS DOUBLE) AS uncovered_amount
FROM ledger
GROUP BY client_id, security_id, currency
