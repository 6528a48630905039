/*
 * tests/support/services/toy_services.h - services that count, small enough to be verified
 * manually: the interface that the ledger requires (engine/ledger/state/services.h).
 *
 * Kind 1 adds its payload to its author's sum, byte by byte; kind 2 sets the shared word. Other
 * kinds, and payloads that begin with 0xff, are rejected. A close counts epochs and suspended
 * members. Two documents: sums, and the rest; standings are in neither.
 */
#ifndef ASSAY_TESTS_SUPPORT_TOY_SERVICES_H
#define ASSAY_TESTS_SUPPORT_TOY_SERVICES_H

#include "engine/ledger/state/services.h"

enum { TOY_ADD = 1, TOY_SET = 2, TOY_SLOTS = 256 };

struct toy_registry {
    uint64_t sum[TOY_SLOTS];
    uint64_t word;        /* the last, and its author */
    uint32_t word_slot;
    uint64_t epochs, suspended; /* closed so far */
    uint32_t standing[TOY_SLOTS]; /* as of the last close */
    uint32_t members;
};

/* Its functions; no context. */
extern const struct assay_services toy_services;

#endif
