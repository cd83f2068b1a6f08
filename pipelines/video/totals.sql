-- Only what the film shows: what is compared changes every day.
SELECT tenant_id, pocs, dojos, dojo_seconds FROM period_totals
