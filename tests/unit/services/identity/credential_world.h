/*
 * tests/unit/services/identity/credential_world.h - a network with two CA numbers that certifies
 * whatever a test wants, and a relying party of it.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_CREDENTIAL_WORLD_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_CREDENTIAL_WORLD_H

#include "tests/unit/services/identity/products.h"

/* After the room's headers: it leaves out what they define. */
#include <assay/assay.h>

enum { WORLD_AT_S = 1795855000 }; /* the end of the epoch that products_plain names */

struct credential {
    size_t len;
    uint8_t bytes[4096];
};

struct credential_world {
    struct products p;
    struct group *group[2];        /* of CA numbers 1 and 2 */
    struct credential ca[2], next; /* self-signed; number 2 signed by number 1 */
    struct credential leaf;
    struct credential keys, token; /* JWKS of both numbers */
    struct assay_identity_request request;
    struct assay_identity *identity;
    enum assay_identity_answer answer;
    struct assay_identity_claims claims;
};

struct credential_world *credential_world_new(void);
void credential_world_free(struct credential_world *w);
/* The same with drawn inputs; keys are of the groups. */
void credential_world_draw(struct credential_world *w);
/* Certificates and tokens of w->p again. */
void credential_world_certify(struct credential_world *w);
/* In: number: index of the CA; offset: of token keys, or NULL */
void credential_world_sign(const struct credential_world *w, size_t number, bool is_token,
                           struct assay_slice message, uint8_t signature[static 64]);
/* A certificate of any TBSCertificate. */
struct credential credential_world_certificate(const struct credential_world *w, size_t number,
                                               struct assay_slice tbs);
struct credential credential_world_leaf_tbs(const struct credential_world *w, size_t number);
/* A token of any header and claims, signed by the first token key. */
struct credential credential_world_token(const struct credential_world *w, const char *header,
                                         const char *claims);
/* Replaces bytes of the same length where they occur, from the skip-th time on. Returns: how many
 * times */
size_t credential_replace(struct credential *c, size_t skip, const void *from, const void *to,
                          size_t len);
/* Appends an extension to a TBSCertificate of more than 255 bytes. */
void credential_extend(struct credential *tbs, const void *extension, size_t len);

struct assay_bytes credential_bytes(const struct credential *c);
/* By w->request. Returns: the answer; the reason is in w->claims */
enum assay_identity_answer credential_world_verify(struct credential_world *w,
                                                   const struct credential *leaf);
enum assay_identity_answer credential_world_verify_token(struct credential_world *w,
                                                         const struct credential *token);

#endif
