/*
 * tests/support/services/toy_services.h - services that count, small enough to be followed by hand:
 * what the ledger asks (engine/ledger/state/services.h).
 *
 * Kind 1 adds its payload to its author's sum, byte by byte; kind 2 sets the shared word. Other
 * kinds, and payloads that begin with 0xff, are refused. A close counts epochs and suspended
 * members. Two documents: sums, and the rest; what is standing is in neither.
 */
#ifndef ASSAY_TESTS_SUPPORT_TOY_SERVICES_H
#define ASSAY_TESTS_SUPPORT_TOY_SERVICES_H

#include "engine/ledger/state/services.h"

enum { TOY_ADD = 1, TOY_SET = 2, TOY_SLOTS = 256 };

struct toy_registry {
    uint64_t sum[TOY_SLOTS];
    uint64_t word;        /* the last, and who said it */
    uint32_t word_slot;
    uint64_t epochs, suspended; /* closed so far */
    uint32_t standing[TOY_SLOTS]; /* as the last close told */
    uint32_t members;
};

/* Its functions; no context. */
extern const struct assay_services toy_services;

#endif
