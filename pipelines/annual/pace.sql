-- POCs from the beginning of the year to each month's end, this year and the one before, up to the month of
-- the cut-off.
SELECT tenant_id, month, pocs, pocs_previous
FROM (
  SELECT
    m.tenant_id, m.month,
    (sum(m.pocs) OVER upto)::bigint AS pocs,
    (sum(m.pocs_previous) OVER upto)::bigint AS pocs_previous
  FROM period_months m
  WINDOW upto AS (PARTITION BY m.tenant_id ORDER BY m.month)
) m
JOIN partition p USING (tenant_id)
WHERE m.month <= date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')
