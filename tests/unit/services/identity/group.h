/*
 * tests/unit/services/identity/group.h - a group key whose shares one test has, and signatures of
 * some of its holders.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_GROUP_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_GROUP_H

#include "services/identity/sharing.h"

struct group {
    uint32_t indices, threshold;
    struct assay_sharing_polynomial polynomial;
    struct assay_sharing_commitments commitments;
    uint8_t key[32];
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1]; /* by index */
    uint8_t public_share[ASSAY_FROST_INDICES_MAX + 1][32];
};

/* Round one of some holders; every part may be changed before the signature. */
struct signing {
    uint32_t count;
    struct assay_secret32 share[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_nonces nonces[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_session session;
    uint8_t answer[ASSAY_FROST_SIGNERS_MAX][32];
};

/* Bytes that differ with each call, the same in each run. */
void group_draw(uint8_t *bytes, size_t len);
struct assay_secret32 group_scalar(void);
struct group *group_new(uint32_t indices, uint32_t threshold);
void group_free(struct group *g);
/* As many holders as the threshold says, from index `first` on. */
struct signing *group_choose(const struct group *g, uint32_t first);
void group_signing_free(struct signing *s);
/* assay_frost_sign with the public share of this very share, right or wrong: as a liar signs. */
enum assay_status group_answer(const struct assay_frost_session *session, uint32_t index,
                               const struct assay_secret32 *share,
                               struct assay_frost_nonces *nonces, uint8_t answer[static 32]);
/* Returns: the status of the first step that fails, else that of assay_frost_combine. */
enum assay_status group_sign(const struct group *g, struct signing *s, struct assay_slice message,
                             uint8_t signature[static 64]);

#endif
