/*
 * tests/unit/enforce/stand_in.h - fake container engine on a UNIX socket, with the API of Docker
 * and Podman: one container "web", and its failure modes.
 */
#ifndef ASSAY_TESTS_UNIT_ENFORCE_STAND_IN_H
#define ASSAY_TESTS_UNIT_ENFORCE_STAND_IN_H

#include <stdatomic.h>
#include <stdbool.h>

enum stand_in_mood {
    STAND_IN_WELL,
    STAND_IN_BROKEN,   /* 500, with a message */
    STAND_IN_HALF,     /* half an answer, then the end */
    STAND_IN_SILENT,   /* never an answer */
    STAND_IN_DRIP,     /* a byte now and then */
    STAND_IN_GARBAGE,  /* no HTTP */
    STAND_IN_ENDLESS,  /* a body without end */
    STAND_IN_WRONG,    /* 200 and JSON of something else */
    STAND_IN_HANGS_UP, /* at once */
};

enum stand_in_state { STAND_IN_EXITED, STAND_IN_RUNNING, STAND_IN_PAUSED };

struct stand_in {
    char path[108];
    int fd;
    atomic_int mood, state, starts, stops, pauses, unpauses, looks;
    atomic_bool chunked, refuses_paused; /* as Podman: a paused container is not stopped */
    atomic_bool stop;
    void *thread;
};

void stand_in_open(struct stand_in *stand_in, const char *path);
void stand_in_close(struct stand_in *stand_in);

#endif
