#ifndef YEARBOOK_CLIBPQ_SHIM_H
#define YEARBOOK_CLIBPQ_SHIM_H

#include <libpq-fe.h>

// Swift does not import the PG_DIAG_* fields, because they are character constants.
static inline int yb_pg_diag_sqlstate(void) { return PG_DIAG_SQLSTATE; }
static inline int yb_pg_diag_severity(void) { return PG_DIAG_SEVERITY_NONLOCALIZED; }
static inline int yb_pg_diag_message(void) { return PG_DIAG_MESSAGE_PRIMARY; }
static inline int yb_pg_diag_position(void) { return PG_DIAG_STATEMENT_POSITION; }

#endif
