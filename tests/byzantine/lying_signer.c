/*
 * tests/byzantine/lying_signer.c - a holder that signs wrongly: assay-signer, with one added to
 * each of its answers.
 *
 * The program is linked with --wrap=assay_frost_sign. The holder signs the changed answer as it
 * signs a right one, so that it convicts itself (docs/identity.md 4.10).
 */
#include "services/identity/frost.h"

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): names of the linker. */
enum assay_status __real_assay_frost_sign(const struct assay_frost_session *session, uint32_t index,
                                          const struct assay_secret32 *share,
                                          const uint8_t public_share[static 32],
                                          struct assay_frost_nonces *nonces,
                                          uint8_t answer[static 32]);
enum assay_status __wrap_assay_frost_sign(const struct assay_frost_session *session, uint32_t index,
                                          const struct assay_secret32 *share,
                                          const uint8_t public_share[static 32],
                                          struct assay_frost_nonces *nonces,
                                          uint8_t answer[static 32]);

enum assay_status __wrap_assay_frost_sign(const struct assay_frost_session *session, uint32_t index,
                                          const struct assay_secret32 *share,
                                          const uint8_t public_share[static 32],
                                          struct assay_frost_nonces *nonces,
                                          uint8_t answer[static 32])
{
    const enum assay_status status =
        __real_assay_frost_sign(session, index, share, public_share, nonces, answer);
    /* Little-endian, and below the order nearly always: the answer is another number. */
    for (unsigned i = 0; status == ASSAY_OK && i < 32 && ++answer[i] == 0;)
        i++;
    return status;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
