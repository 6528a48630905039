/*
 * enforce/hook_runs.c - list of the runs of hooks that have not ended.
 */
#include "enforce/hook_runs.h"

#include "base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 1000 };

struct assay_hook_runs {
    struct assay_hook_run *first;
    uint64_t look_ms; /* not before */
};

/* --------------------------------------------------------------- what has ended */

/* Processes of a group, as far as /proc shows them. */
struct members {
    pid_t group, session;
    bool seen;  /* one of any session */
    bool works; /* one of this session */
};

/* "12 (name) S 1 12 12 ...": state, parent, group and session. A name may have parentheses and
 * spaces. A hook is of the session of its daemon, and a group is of one session: in another one it
 * is a stranger's that got the number. */
static void add_process(struct members *members, const char *process)
{
    char path[300], stat[512] = "";
    (void)snprintf(path, sizeof path, "/proc/%.255s/stat", process);
    FILE *const file = fopen(path, "re");
    if (file == NULL) return; /* it has ended meanwhile */
    const size_t len = fread(stat, 1, sizeof stat - 1, file);
    (void)fclose(file);
    stat[len] = '\0';
    const char *const end = strrchr(stat, ')');
    if (end == NULL || strlen(end) < sizeof ") S 1 1 1" - 1) return;
    char *at = NULL;
    (void)strtol(end + 3, &at, 10);
    if (strtol(at, &at, 10) != members->group) return;
    members->seen = true;
    const bool is_ours = strtol(at, NULL, 10) == members->session;
    if (is_ours && end[2] != 'Z' && end[2] != 'X') members->works = true;
}

/* A zombie does nothing any more, but counts for kill until its parent reaps it; the first process
 * of a container may never do so. A group of which /proc shows nothing (hidepid) works while kill
 * says that it is there and another user's. */
static bool group_works(pid_t group)
{
    const bool is_refused = kill(-group, 0) != 0;
    if (is_refused && errno == ESRCH) return false;
    DIR *const processes = opendir("/proc");
    if (processes == NULL) return true;
    struct members members = { .group = group, .session = getsid(0) };
    for (const struct dirent *entry = NULL; !members.works && (entry = readdir(processes)) != NULL;)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            add_process(&members, entry->d_name);
    (void)closedir(processes);
    return members.works || (is_refused && !members.seen);
}

static bool reap_leader(struct assay_hook_run *run)
{
    if (run->reaped) return true;
    const pid_t reaped = waitpid(run->pid, NULL, WNOHANG);
    run->reaped = reaped != 0 && (reaped > 0 || errno != EINTR);
    return run->reaped;
}

/* Without waiting: this is the thread of the node's loop. */
static bool has_ended(struct assay_hook_run *run)
{
    if (run->pid == 0) return true;
    if (!reap_leader(run)) return false;
    /* Orphans of its group are children of this process where it is the first of a container. */
    while (waitpid(-run->pid, NULL, WNOHANG) > 0)
        continue;
    return !group_works(run->pid);
}

/* --------------------------------------------------------------- the list */

/* Of one target; name NULL: of all. */
static void drop_ended(struct assay_hook_runs *runs, const char *name)
{
    for (struct assay_hook_run **at = &runs->first; *at != NULL;) {
        struct assay_hook_run *const run = *at;
        const bool asked = name == NULL || strcmp(run->name, name) == 0;
        if (!asked || !run->left || !has_ended(run)) {
            at = &run->next;
            continue;
        }
        *at = run->next;
        free(run);
    }
}

enum assay_status assay_hook_runs_open(struct assay_hook_runs **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status assay_hook_runs_add(struct assay_hook_runs *runs, const char *name,
                                      struct assay_hook_run **run)
{
    ASSAY_ASSERT(strlen(name) <= ASSAY_HOOK_NAME_MAX);
    struct assay_hook_run *const added = calloc(1, sizeof *added);
    if (added == NULL) return ASSAY_E_MEMORY;
    (void)snprintf(added->name, sizeof added->name, "%s", name);
    added->next = runs->first;
    runs->first = added;
    *run = added;
    return ASSAY_OK;
}

void assay_hook_runs_leave(struct assay_hook_runs *runs, struct assay_hook_run **run)
{
    char name[ASSAY_HOOK_NAME_MAX + 1]; /* the run ends before the search for others of it */
    ASSAY_ASSERT(*run != NULL && !(*run)->left);
    (void)snprintf(name, sizeof name, "%s", (*run)->name);
    (*run)->left = true;
    *run = NULL;
    drop_ended(runs, name);
}

pid_t assay_hook_runs_find(struct assay_hook_runs *runs, const char *name)
{
    drop_ended(runs, name);
    for (const struct assay_hook_run *run = runs->first; run != NULL; run = run->next)
        if (run->left && strcmp(run->name, name) == 0) return run->pid;
    return 0;
}

void assay_hook_runs_reap(struct assay_hook_runs *runs, uint64_t now_ms)
{
    if (runs->first == NULL || now_ms < runs->look_ms) return;
    runs->look_ms = now_ms + LOOK_MS;
    drop_ended(runs, NULL);
}

void assay_hook_runs_close(struct assay_hook_runs **runs)
{
    if (*runs == NULL) return;
    while ((*runs)->first != NULL) {
        struct assay_hook_run *const run = (*runs)->first;
        (*runs)->first = run->next;
        free(run);
    }
    free(*runs);
    *runs = NULL;
}
