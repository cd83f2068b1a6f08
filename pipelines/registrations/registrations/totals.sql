-- The figures of the period and of the days before.
SELECT
  p.tenant_id,
  coalesce(r.registered, 0) AS registered,
  coalesce(r.registered_previous, 0) AS registered_previous,
  coalesce(r.confirmed, 0) AS confirmed,
  coalesce(r.confirmed_previous, 0) AS confirmed_previous,
  coalesce(r.within_hour, 0) AS within_hour,
  coalesce(r.within_day, 0) AS within_day,
  coalesce(r.unconfirmed, 0) AS unconfirmed,
  coalesce(r.unconfirmed_ever, 0) AS unconfirmed_ever,
  coalesce(r.confirmations, 0) AS confirmations,
  r.confirm_median, r.confirm_median_previous, r.confirm_p90, r.confirm_p90_previous,
  r.latest AS data_cut_off
FROM partition p
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS registered,
    count(*) FILTER (WHERE is_previous) AS registered_previous,
    count(*) FILTER (WHERE is_current AND is_confirmed) AS confirmed,
    count(*) FILTER (WHERE is_previous AND was_confirmed) AS confirmed_previous,
    count(*) FILTER (WHERE is_current AND waited < 3600) AS within_hour,
    count(*) FILTER (WHERE is_current AND waited < 86400) AS within_day,
    count(*) FILTER (WHERE is_current AND NOT is_confirmed) AS unconfirmed,
    count(*) FILTER (WHERE NOT is_confirmed) AS unconfirmed_ever,
    count(confirmed_now) AS confirmations,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_current) AS confirm_median,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_previous AND was_confirmed)
      AS confirm_median_previous,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_current) AS confirm_p90,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_previous AND was_confirmed)
      AS confirm_p90_previous,
    greatest(max(created) FILTER (WHERE is_current), max(confirmed_now)) AS latest
  FROM registered
  GROUP BY tenant_id
) r ON r.tenant_id = p.tenant_id
