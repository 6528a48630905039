/*
 * quote/api/status_text.c - texts of statuses, in every library for users.
 */
#include "base/status.h"

/* After the tree's header: it leaves out what that defines. */
#include <assay/status.h>

const char *assay_name_of_status(enum assay_status status)
{
    return assay_status_symbol(status);
}

const char *assay_describe_status(enum assay_status status)
{
    if (status == ASSAY_E_INVALID)
        return "an argument is missing (NULL, empty), or a rule forbids it";
    return assay_status_text(status);
}
