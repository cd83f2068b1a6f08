SELECT * FROM period_months
