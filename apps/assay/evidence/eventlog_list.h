/*
 * apps/assay/evidence/eventlog_list.h - command `assay evidence eventlog`: the events of a log, and
 * the registers that they make.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EVENTLOG_LIST_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EVENTLOG_LIST_H

/* Returns: the exit status. */
int cli_eventlog_list(int argc, char **argv);

#endif
