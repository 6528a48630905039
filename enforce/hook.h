/*
 * enforce/hook.h - enforcement target driven by an executable of the operator.
 *
 * Run once an act, directly (no shell), with an environment of its own, `/` as folder, no
 * descriptor of ours but stdin, stdout and stderr, and one line of JSON on stdin:
 *
 *   {"schema":"assay.hook","schema_version":1,"id":"web/0.7.3.suspend","target":"web",
 *    "act":"suspend","held":false,"order":{"kind":"SUSPEND","era":0,"epoch":7,"seq":3,
 *    "incarnation":1}}
 *
 * Exit status 0: it is so, durably. Anything else, a signal, or no end in time: it is not, and it
 * is run again later. It may be run twice for the same id (after a crash of ours), so what it does
 * must be the same the second time. What it prints (4 KiB of it) becomes the reason of a failure.
 *
 * Nothing waits for a killed one: until it and its group have ended (the kernel may let them sleep
 * on), the next act of that target fails, also of another hook of its name, so that two never run
 * at once (hook_runs.h).
 */
#ifndef ASSAY_ENFORCE_HOOK_H
#define ASSAY_ENFORCE_HOOK_H

#include "enforce/hook_runs.h"
#include "enforce/target.h"

enum { ASSAY_HOOK_ARGUMENTS_MAX = 16 };

/* Strings are copied; runs is borrowed, and outlives the hook. */
struct assay_hook_config {
    struct assay_hook_runs *runs;
    const char *name;             /* of the target */
    const char *path;             /* absolute */
    const char *const *arguments; /* [argument_count] next to the name; none: NULL */
    size_t argument_count;
};

/* Returns: ASSAY_OK | ASSAY_E_RANGE (a path too long, too many arguments) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_hook_open(const struct assay_hook_config *config,
                                                struct assay_target **out);

#endif
