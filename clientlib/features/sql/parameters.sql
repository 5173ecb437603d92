-- One row: what was asked for. The only file that reads bound values; the others read this row.
SELECT
    CAST($as_of AS DATE) AS as_of,
    CAST($until AS TIMESTAMPTZ) AS until,  -- first instant after the as-of day
    CAST($recent_since AS TIMESTAMPTZ) AS recent_since,  -- start of the RFM period
    CAST($year_since AS TIMESTAMPTZ) AS year_since,  -- start of the last 365 days
    CAST($service_since AS TIMESTAMPTZ) AS service_since,  -- start of the service and feedback period
    CAST($currency AS VARCHAR) AS currency,  -- of the client totals
    CAST($time_zone AS VARCHAR) AS time_zone,  -- the firm's
    CAST($stale_days AS BIGINT) AS stale_days,  -- trading days a price is carried forward
    CAST($stale_calendar_days AS BIGINT) AS stale_calendar_days,  -- and calendar days, if none comes
    CAST($valid_months AS BIGINT) AS valid_months  -- of an assessment that states no end
