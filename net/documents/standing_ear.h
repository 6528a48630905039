/*
 * net/documents/standing_ear.h - claims of the attestation result (EAR) that a proof of standing
 * amounts to: for the command line, and for nodes that sign it themselves.
 */
#ifndef ASSAY_NET_DOCUMENTS_STANDING_EAR_H
#define ASSAY_NET_DOCUMENTS_STANDING_EAR_H

#include "engine/ledger/proofs/proof.h"
#include "net/json/json.h"
#include "quote/accept/policy.h"

/* The profile of the policy whose digest is proven. */
enum assay_proof_profile {
    ASSAY_PROOF_PROFILE_UNKNOWN = 0, /* the digest alone is known */
    ASSAY_PROOF_PROFILE_PRODUCTION = 1,
    ASSAY_PROOF_PROFILE_DEVELOPMENT = 2, /* SOFT evidence passes: it proves no hardware */
};

/* A proof that was verified. */
struct assay_proof_verified {
    struct assay_proven_state proven;
    struct assay_slice bytes;
    uint64_t expires_ms; /* Unix ms: until when it may be relied upon */
    bool has_age;        /* the verifier has a clock */
    enum assay_proof_profile profile;
};

/* Returns: the profile of a policy that is at hand, never UNKNOWN. */
enum assay_proof_profile assay_document_profile_of(const struct assay_policy *policy);
/* "production", "development", "unknown". Returns: never NULL. */
const char *assay_document_profile_text(enum assay_proof_profile profile);
/* "insecure" of a document: true under profile development, null while the profile is unknown. */
void assay_document_set_insecure(struct assay_json *object, enum assay_proof_profile profile);
/* Hardware is claimed under a production policy alone; under another, or one that is unknown, the
 * vector has no claim about it. Returns: text of malloc, NULL without memory. */
char *assay_document_ear_standing(const struct assay_proof_verified *verified);
/* The same as claims of a CBOR web token, with the labels of the draft; what is private in JSON is
 * among the claims of the verifier, digests as hexadecimal texts. Returns: ASSAY_OK |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_document_ear_standing_cbor(
    const struct assay_proof_verified *verified, struct assay_writer *w);

#endif
