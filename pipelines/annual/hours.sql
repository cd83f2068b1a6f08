-- Activity by day of the week and hour in the tenant's time zone; 0 is Monday.
SELECT
  a.tenant_id,
  extract(isodow FROM a.day)::integer - 1 AS weekday,
  extract(hour FROM a.at AT TIME ZONE p.time_zone)::integer AS hour,
  count(*) AS activities
FROM activity a
JOIN partition p ON p.tenant_id = a.tenant_id
GROUP BY 1, 2, 3
