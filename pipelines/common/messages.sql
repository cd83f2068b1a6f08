-- The number of messages per dojo and writer. Message texts are never read. Removed messages do not count.
-- An earlier dojo has those that were written by the end of the days that are compared.
SELECT d.tenant_id, d.id AS dojo_id, m.userid AS user_id, d.is_current, count(*) AS messages
FROM partition p
JOIN dojos d ON d.tenant_id = p.tenant_id
JOIN message m ON m.tenantid = d.tenant_id AND m.roomid = d.id
  AND m.created < CASE WHEN d.is_current THEN p.cutoff_at ELSE p.previous_ends_at END
WHERE m.message_status = 'A'
GROUP BY d.tenant_id, d.id, m.userid, d.is_current
