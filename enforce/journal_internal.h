/*
 * enforce/journal_internal.h - declarations shared by the two files of the journal.
 */
#ifndef ASSAY_ENFORCE_JOURNAL_INTERNAL_H
#define ASSAY_ENFORCE_JOURNAL_INTERNAL_H

#include "enforce/journal.h"

/* One line without its newline, after *head. Returns: NULL and *head is this line's | what is wrong
 * with it; *head as it was. */
const char *assay_journal_line_check(const char *line, size_t len, struct assay_journal_head *head);

#endif
