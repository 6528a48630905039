/*
 * tests/unit/platform/key_samples.h - keys with both proofs of a registration.
 */
#ifndef ASSAY_TESTS_UNIT_PLATFORM_KEY_SAMPLES_H
#define ASSAY_TESTS_UNIT_PLATFORM_KEY_SAMPLES_H

#include "apps/enclave/registrations.h"

struct key_sample {
    struct assay_declared_key key;
    uint8_t seed[32], spki[44], proof[64], boot_proof[64];
    uint8_t list[ASSAY_DECLARED_KEY_LEN_MAX + 1];
    struct assay_slice entry;
};

/* An Ed25519 key of purpose TLS, of a number, as a program makes it: for this member, network and
 * boot. */
void key_sample_make(struct key_sample *sample, const char *name, uint8_t number,
                     const uint8_t chain_id[static 32], const uint8_t node_id[static 32],
                     const uint8_t boot[static 32]);
struct assay_slice key_sample_boot_proof(const struct key_sample *sample);

#endif
