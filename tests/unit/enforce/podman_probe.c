/*
 * tests/unit/enforce/podman_probe.c - one act of the container driver against an engine that runs:
 *
 *     podman_probe SOCKET NAME look|start|stop|run|suspend
 *
 * Prints the state that look found. Exit status 0 done, 1 refused (the reason on stderr), 3 no end.
 */
#include "enforce/container.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool find_verb(const char *name, enum assay_target_verb *verb)
{
    for (int v = ASSAY_TARGET_INSPECT; v <= ASSAY_TARGET_SUSPEND; v++) {
        *verb = (enum assay_target_verb)v;
        if (strcmp(name, assay_target_verb_name(*verb)) == 0) return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct assay_target *target = NULL;
    struct assay_target_act act = { 0 };
    enum assay_target_state state = ASSAY_TARGET_UNKNOWN;
    char message[ASSAY_DRIVER_MESSAGE_LEN] = "";
    if (argc != 4 || !find_verb(argv[3], &act.verb) ||
        assay_container_open(argv[1], argv[2], &target) != ASSAY_OK)
        return fprintf(stderr, "usage: podman_probe SOCKET NAME ACT\n"), 2;
    enum assay_status status = target->ops->begin(target, &act, 0, message);
    if (status == ASSAY_OK) status = ASSAY_E_AGAIN;
    for (int i = 0; status == ASSAY_E_AGAIN && i < 4000; i++) {
        (void)nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
        status = target->ops->step(target, 0, &state, message);
    }
    target->ops->close(target);
    if (status != ASSAY_OK) (void)fprintf(stderr, "%s\n", message);
    if (act.verb == ASSAY_TARGET_INSPECT) (void)puts(assay_target_state_name(state));
    if (status == ASSAY_E_AGAIN) return 3;
    return status == ASSAY_OK ? 0 : 1;
}
