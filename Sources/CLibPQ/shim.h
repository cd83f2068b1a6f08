#ifndef YEARBOOK_CLIBPQ_SHIM_H
#define YEARBOOK_CLIBPQ_SHIM_H

#include <libpq-fe.h>

// PG_DIAG_SQLSTATE is a character constant, which Swift does not import.
static inline int yb_pg_diag_sqlstate(void) { return PG_DIAG_SQLSTATE; }

#endif
