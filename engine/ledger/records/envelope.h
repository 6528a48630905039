/*
 * engine/ledger/records/envelope.h - ENVELOPE: announcement of a member's evidence for an epoch, by
 * digest.
 *
 * docs/protocol.md 2.11, 2.13, 4.1. ENVELOPE payload: canonical CBOR [body bytes, signature]; body
 * = ["assay/envelope/v1", chain_id, era, epoch, node_id, incarnation, kind, evidence digest,
 * length]. An envelope is named by the SHA-256 of its body, which is also what the voting key
 * signs: rolls and ballots carry that name, never signature bytes.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_ENVELOPE_H
#define ASSAY_ENGINE_LEDGER_RECORDS_ENVELOPE_H

#include "base/crypto.h"
#include "base/writer.h"
#include "quote/verdict.h"

enum { ASSAY_ENVELOPE_LEN_MAX = 288 };

struct assay_envelope {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint8_t node_id[32];
    uint32_t incarnation;
    enum assay_evidence_kind kind;
    uint8_t evidence_digest[32];
    uint32_t evidence_len; /* 1 .. ASSAY_EVIDENCE_LEN_MAX */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t digest[32]; /* of the body */
};

/* Shape only: neither signature nor rules. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_envelope_decode(struct assay_slice payload,
                                                      struct assay_envelope *envelope);
/* With envelope->signature as it stands; sets envelope->digest; *signature_at is the offset of the
 * 64 bytes in w. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_envelope_encode(struct assay_envelope *envelope,
                                                      struct assay_writer *w, size_t *signature_at);

/* What 64 bytes of report data an incarnation's evidence of an epoch must carry. */
struct assay_binding {
    const uint8_t *chain_id; /* [32] */
    uint32_t era;
    uint64_t epoch;
    const uint8_t *beacon;  /* [32] */
    const uint8_t *node_id; /* [32] */
    uint32_t incarnation;
    const uint8_t *voting_public;    /* [64] */
    const uint8_t *transport_public; /* [32] */
    /* [32] of the workload keys that the evidence binds; NULL, or the root of no keys
     * (workload_keys.h): a statement without keys, of the first version. */
    const uint8_t *keys_root;
};
/* SHA-512 of ["assay/evidence/v1", ...] (docs/protocol.md 2.11); with keys a tag and 48 bytes of
 * that of ["assay/evidence/v2", ...] (docs/identity.md 6.5, quote/result/report_data.h). */
void assay_binding_report_data(const struct assay_binding *binding, uint8_t report_data[static 64]);

/* ENVELOPE_PULL payload: [epoch, bitmap of the slots wanted], (members + 7) / 8 bytes, low bit
 * first. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_envelope_pull_encode(uint64_t epoch, struct assay_slice slots,
                                                           struct assay_writer *w);
/* Returns: ASSAY_OK | ASSAY_E_EARLY, ASSAY_E_STALE (of a larger, a smaller roster) | other INPUT
 * statuses */
ASSAY_CHECKED enum assay_status assay_envelope_pull_decode(struct assay_slice payload,
                                                           uint32_t members, uint64_t *epoch,
                                                           struct assay_slice *slots);

#endif
