/*
 * apps/assay/task.h - what the verbs of `assay task` share: their options.
 */
#ifndef ASSAY_APPS_TASK_H
#define ASSAY_APPS_TASK_H

#include "apps/assay/hand.h"

struct task_deed {
    struct assay_question q;
    const char *key, *out, *code, *steps, *price, *executor, *standing, *score, *deadline;
    const char *timeout, *verb, *word;
};

/* task_run.c. Returns: an enum assay_exit. */
int task_run(struct task_deed *deed);

#endif
