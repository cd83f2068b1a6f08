SELECT E'\'', 'a''b', $a1$ ' $a1$, "now"(), U&'x', $$;$$, e 'x'
FROM "pg_catalog".pg_class