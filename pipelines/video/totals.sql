SELECT * FROM period_totals
