SELECT tenant_id, month, pocs, dojos FROM period_months
