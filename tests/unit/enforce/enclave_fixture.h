/*
 * tests/unit/enforce/enclave_fixture.h - test fixture: an enclave directory, its supervisor, and
 * a manually stepped runtime.
 */
#ifndef ASSAY_TESTS_UNIT_ENFORCE_ENCLAVE_FIXTURE_H
#define ASSAY_TESTS_UNIT_ENFORCE_ENCLAVE_FIXTURE_H

#include "apps/enclave/supervisor.h"
#include "engine/store/store_memory.h"
#include "quote/source/soft/soft.h"

enum { FIXTURE_EVENTS_MAX = 64 };

struct fixture {
    char folder[64], path[96], restore_path[96], service[96];
    struct assay_soft_ca *ca;
    struct assay_soft_node *credential;
    /* Of a test: they quote instead of the credential. */
    struct assay_tpm_source *tpm;
    struct assay_source *source;
    uint32_t quote_ms, close_ms; /* of a test; 0: as usual */
    struct assay_store *store;
    struct assay_supervisor *supervisor;
    struct assay_runtime_enclave enclave;
    struct assay_enclave_event events[FIXTURE_EVENTS_MAX]; /* all that came since open */
    size_t event_count;
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    size_t quote_len;
};

/* Returns: CLOCK_MONOTONIC in ms. */
uint64_t fixture_now_ms(void);
/* A folder with the right build at path and at restore_path, a credential, a store in memory. */
void fixture_make(struct fixture *fixture);
void fixture_open(struct fixture *fixture);
/* Turn until an event of this kind came (since the last open or forget) or 8 s are over.
 * Returns: the event, NULL when none came */
const struct assay_enclave_event *fixture_wait(struct fixture *fixture,
                                               enum assay_enclave_event_kind kind);
/* Turn for some time. */
void fixture_turn_for(struct fixture *fixture, uint64_t ms);
void fixture_forget(struct fixture *fixture);
/* Ask the counter service. Returns: false when it cannot be reached. */
bool fixture_ask(struct fixture *fixture, const char *line, char *answer, size_t answer_len);
/* Put a program in the place of the enclave, as a host that cheats would. */
void fixture_swap(struct fixture *fixture, const char *program);
/* Returns: as assay_supervisor_close. */
bool fixture_close(struct fixture *fixture);
void fixture_remove(struct fixture *fixture);

#endif
