/*
 * apps/sim/commands/trial.c - a run, its verdict, and the child process around both.
 */
#include "apps/sim/commands/trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void set_breach(struct assay_sim_trial *trial, const char *what, const char *message)
{
    trial->breach = (struct assay_sim_breach){ .broken = true };
    (void)snprintf(trial->breach.what, sizeof trial->breach.what, "%s", what);
    (void)snprintf(trial->breach.message, sizeof trial->breach.message, "%s", message);
}

static void copy_figures(struct assay_sim_trial *t, const struct assay_sim_outcome *o)
{
    assay_bytes_copy(t->trace_hash, sizeof t->trace_hash, o->trace_hash, sizeof o->trace_hash);
    assay_bytes_copy(t->root_chain, sizeof t->root_chain, o->root_chain, sizeof o->root_chain);
    t->events = (uint64_t)o->figures[ASSAY_SIM_FIGURE_EVENTS][0];
    t->messages = (uint64_t)o->figures[ASSAY_SIM_FIGURE_MESSAGES][0];
    t->epochs = (uint64_t)o->figures[ASSAY_SIM_FIGURE_EPOCHS][0];
    t->simulated_ms = (uint64_t)o->figures[ASSAY_SIM_FIGURE_SIMULATED_MS][0];
    for (uint32_t i = 0; i < ASSAY_SIM_EFFECT_COUNT; i++)
        t->effects[i] = assay_sim_effect_of((enum assay_sim_effect)i, o);
}

/* Of this thread: a run has no other. */
static uint64_t cpu_now_us(void)
{
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct assay_sim_trial run_once(assay_sim_runner *run, const struct assay_scenario *scenario)
{
    const struct assay_sim_options options = { .seed = scenario->seed,
                                               .threads = 1,
                                               .check_each_step = true };
    const struct assay_sim_promise promise = assay_sim_promise_of(scenario, scenario->seed);
    struct assay_sim_trial trial = { .beyond = !promise.safety };
    struct assay_sim_outcome outcome;
    const enum assay_status status = run(scenario, &options, &outcome);
    if (status != ASSAY_OK) {
        set_breach(&trial, "run", assay_status_text(status));
    } else {
        trial.breach = assay_sim_promise_breach(scenario, &promise, &outcome);
        copy_figures(&trial, &outcome);
        assay_sim_situations_happened(scenario, &outcome, trial.happened);
    }
    assay_sim_outcome_free(&outcome);
    return trial;
}

static struct assay_sim_trial run_and_compare(assay_sim_runner *run,
                                              const struct assay_scenario *scenario, bool twice)
{
    struct assay_sim_trial trial = run_once(run, scenario);
    if (!twice || trial.breach.broken) return trial;
    const struct assay_sim_trial again = run_once(run, scenario);
    if (!assay_bytes_equal(trial.trace_hash, again.trace_hash, sizeof trial.trace_hash) ||
        !assay_bytes_equal(trial.root_chain, again.root_chain, sizeof trial.root_chain))
        set_breach(&trial, "determinism", "two runs of one seed gave different traces");
    return trial;
}

static struct assay_sim_trial run_here(assay_sim_runner *run, const struct assay_scenario *scenario,
                                       bool twice)
{
    const uint64_t begun_us = cpu_now_us();
    struct assay_sim_trial trial = run_and_compare(run, scenario, twice);
    trial.cpu_us = cpu_now_us() - begun_us;
    return trial;
}

/* Never returns. */
static void run_in_child(assay_sim_runner *run, const struct assay_scenario *scenario, bool twice,
                         struct assay_sim_trial *result)
{
    const rlim_t seconds = ASSAY_SIM_TRIAL_CPU_S;
    const struct rlimit limit = { .rlim_cur = seconds, .rlim_max = seconds + 5 };
    (void)setrlimit(RLIMIT_CPU, &limit);
    *result = run_here(run, scenario, twice);
    _exit(0);
}

static void explain_status(struct assay_sim_trial *trial, int status)
{
    char message[128];
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        (void)snprintf(message, sizeof message, "the run did not end within %d s",
                       ASSAY_SIM_TRIAL_CPU_S);
    else if (WIFSIGNALED(status))
        (void)snprintf(message, sizeof message, "signal %d (%s); see stderr", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else (void)snprintf(message, sizeof message, "exit status %d; see stderr", WEXITSTATUS(status));
    set_breach(trial, "crash", message);
}

struct assay_sim_child sim_try_begin(assay_sim_runner *run, const struct assay_scenario *scenario,
                                     bool twice)
{
    struct assay_sim_child child = { 0 };
    void *const memory =
        mmap(NULL, sizeof *child.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        child.error = errno;
        return child;
    }
    child.shared = memory;
    child.pid = fork();
    if (child.pid == 0) run_in_child(run, scenario, twice, child.shared);
    if (child.pid < 0) {
        child.error = errno;
        child.pid = 0;
    }
    return child;
}

struct assay_sim_trial sim_try_end(struct assay_sim_child *child, int status)
{
    struct assay_sim_trial trial = { 0 };
    if (child->pid == 0) set_breach(&trial, "host", strerror(child->error));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) trial = *child->shared;
    else explain_status(&trial, status);
    if (child->shared != NULL) (void)munmap(child->shared, sizeof *child->shared);
    *child = (struct assay_sim_child){ 0 };
    return trial;
}

struct assay_sim_trial sim_try(assay_sim_runner *run, const struct assay_scenario *scenario,
                               bool twice, bool own_process)
{
    if (!own_process) return run_here(run, scenario, twice);
    struct assay_sim_child child = sim_try_begin(run, scenario, twice);
    int status = 0;
    pid_t ended = child.pid;
    while (child.pid > 0 && (ended = waitpid(child.pid, &status, 0)) < 0 && errno == EINTR)
        continue;
    if (ended < 0) {
        child.error = errno;
        child.pid = 0;
    }
    return sim_try_end(&child, status);
}
