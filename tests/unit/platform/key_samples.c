/* tests/unit/platform/key_samples.c - keys with both proofs of a registration. */
#include "tests/unit/platform/key_samples.h"

#include "base/assert.h"
#include "tests/support/ed25519.h"

#include <string.h>

static void sign(struct key_sample *s, const uint8_t *chain_id, const uint8_t *node_id,
                 uint8_t proof[static 64])
{
    uint8_t room[ASSAY_DECLARED_KEY_STATEMENT_MAX];
    struct assay_writer w = assay_writer_over(room, sizeof room);
    const enum assay_status status = assay_declared_key_statement(chain_id, node_id, &s->key, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    test_ed25519_sign(s->seed, assay_slice_over(room, w.len), proof);
}

void key_sample_make(struct key_sample *sample, const char *name, uint8_t number,
                     const uint8_t chain_id[static 32], const uint8_t node_id[static 32],
                     const uint8_t boot[static 32])
{
    static const uint8_t head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    uint8_t challenge[32];
    *sample = (struct key_sample){ .seed = { number }, .key = { .purpose = ASSAY_PURPOSE_TLS } };
    assay_bytes_copy(sample->spki, sizeof sample->spki, head, sizeof head);
    test_ed25519_public(sample->seed, sample->spki + sizeof head);
    sample->key.name = assay_slice_over(name, strlen(name));
    sample->key.spki = assay_slice_over(sample->spki, sizeof sample->spki);
    sign(sample, chain_id, node_id, sample->proof);
    sample->key.proof = assay_slice_over(sample->proof, sizeof sample->proof);
    registrations_challenge(chain_id, boot, challenge);
    sign(sample, challenge, node_id, sample->boot_proof);
    struct assay_writer w = assay_writer_over(sample->list, sizeof sample->list);
    const enum assay_status status = assay_declared_keys_encode(&sample->key, 1, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    sample->entry = assay_slice_over(sample->list + 1, w.len - 1);
}

struct assay_slice key_sample_boot_proof(const struct key_sample *sample)
{
    return assay_slice_over(sample->boot_proof, sizeof sample->boot_proof);
}
