/*
 * quote/cose.h - reader of COSE_Sign1 (RFC 9052 4.2), and a strict reader of CBOR from other
 * encoders.
 *
 * The reader of base/cbor.h demands our own canonical order of keys, which no vendor keeps; this
 * one takes maps in any order and refuses a key that comes twice. Maps and arrays may be of
 * indefinite length (RFC 8949 3.2.2): Nitro documents of 2026 are, those of earlier years are not.
 * For the rest it is as strict: whole strings and shortest heads (every genuine document has them),
 * bounded counts, bounded nesting, no bytes after the end. Nothing here is trusted or verified but
 * the caller's signature.
 */
#ifndef ASSAY_QUOTE_COSE_H
#define ASSAY_QUOTE_COSE_H

#include "base/cbor.h"
#include "base/crypto.h"
#include "quote/verdict.h"

enum {
    ASSAY_COSE_PAIRS_MAX = 64, /* of one map: genuine ones have up to 16; a Nitro map 32 PCRs */
    ASSAY_COSE_DEPTH_MAX = 8,  /* of what is skipped: CCA's claims nest three deep */
    ASSAY_COSE_TAG_SIGN1 = 18,
};

/* RFC 9053 2.1. */
enum {
    ASSAY_COSE_ES256 = -7,
    ASSAY_COSE_ES384 = -35,
    ASSAY_COSE_ES512 = -36,
};

/* --- maps of any order */
/* A key: an integer, or a text (borrowed). */
struct assay_cose_label {
    bool is_text;
    int64_t number;
    struct assay_slice text;
};

struct assay_cose_map {
    uint64_t left;    /* pairs whose key was not read yet; how many more may come, until a break */
    bool until_break; /* of indefinite length */
    size_t count;
    struct assay_slice keys[ASSAY_COSE_PAIRS_MAX]; /* encoded: one form each, so bytes compare */
};

/*
 * assay_cose_map_open - the head of a map of at most pairs_max pairs (<= ASSAY_COSE_PAIRS_MAX).
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_ENCODING | ASSAY_E_TYPE | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_cose_map_open(struct assay_cursor *in, uint64_t pairs_max,
                                                    struct assay_cose_map *map);
/* Does another pair follow, after all values so far were read? Takes the break of an indefinite
 * map. Returns: false at its end; true where the input ends too soon, which the next key shows. */
bool assay_cose_map_more(const struct assay_cose_map *map, struct assay_cursor *in);
/*
 * assay_cose_map_next - the next key, after assay_cose_map_more; the caller reads or skips its
 * value.
 * Returns: as above | ASSAY_E_DUPLICATE
 */
ASSAY_CHECKED enum assay_status assay_cose_map_next(struct assay_cose_map *map,
                                                    struct assay_cursor *in,
                                                    struct assay_cose_label *label);
/* Returns: true for this very text. */
bool assay_cose_label_is(const struct assay_cose_label *label, const char *text);

/* --- arrays */
struct assay_cose_array {
    uint64_t left; /* of definite length */
    bool until_break;
};

/* The head of an array. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_ENCODING | ASSAY_E_TYPE */
ASSAY_CHECKED enum assay_status assay_cose_array_open(struct assay_cursor *in,
                                                      struct assay_cose_array *array);
/* As assay_cose_map_more; after true the caller reads an item. */
bool assay_cose_array_more(struct assay_cose_array *array, struct assay_cursor *in);

/*
 * assay_cose_skip - one whole item that means nothing to us: any type that RFC 8949 knows, floats
 * and negative keys too, but whole strings, shortest heads, bounded depth. Keys inside it are not
 * compared.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_ENCODING | ASSAY_E_RANGE (depth)
 */
ASSAY_CHECKED enum assay_status assay_cose_skip(struct assay_cursor *in);

/*
 * assay_cose_length - where one whole item ends within bytes that may carry a zero tail.
 * Out:     *declared <= len
 * Returns: as assay_cose_skip | ASSAY_E_TRAILING (a tail that is not zero)
 */
ASSAY_CHECKED enum assay_status assay_cose_length(const uint8_t *bytes, size_t len,
                                                  size_t *declared);

/* --- COSE_Sign1 */
struct assay_cose_sign1 {
    bool tagged;
    int64_t algorithm;                   /* from the protected header */
    struct assay_slice protected_header; /* the map's bytes */
    struct assay_slice payload;
    struct assay_slice signature; /* r | s */
    uint32_t offset_payload;      /* where the payload's bytes start */
    uint32_t offset_signature;
};

/*
 * assay_cose_sign1_parse - tagged with 18 or untagged; slices borrow from bytes.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *          ASSAY_E_RANGE | ASSAY_E_DUPLICATE (a label twice, in either header) |
 *          ASSAY_E_INVALID (no algorithm in the protected header, one in the unprotected header, an
 *          unknown critical header)
 */
ASSAY_CHECKED enum assay_status assay_cose_sign1_parse(const uint8_t *bytes, size_t len,
                                                       struct assay_cose_sign1 *sign1);
/* Do the bytes open like COSE_Sign1, with an algorithm in the protected header? Returns: true when
 * so; nothing behind that header is looked at. */
bool assay_cose_sign1_looks(const uint8_t *bytes, size_t len);
/* The curve of an algorithm (RFC 9053 2.1; ES256 with P-256, ES384 with P-384, no other pair).
 * Returns: ASSAY_KEY_NONE for every other number. */
enum assay_key_type assay_cose_key_type(int64_t algorithm);
/* "ES256", "ES384", "ES512", else "another algorithm". Returns: never NULL. */
const char *assay_cose_algorithm_text(int64_t algorithm);
/*
 * assay_cose_sign1_signature - the signature as base/crypto.h wants it, and the digest of the
 * Sig_structure (RFC 9052 4.4) with empty external data, hashed in pieces.
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (algorithm) | ASSAY_E_SIGNATURE (not twice its curve)
 */
ASSAY_CHECKED enum assay_status assay_cose_sign1_signature(const struct assay_cose_sign1 *sign1,
                                                           struct assay_signature *signature,
                                                           uint8_t digest[static ASSAY_DIGEST_MAX]);
/*
 * assay_cose_key_parse - a COSE_Key (RFC 9052 7, RFC 9053 7.1.1) of type EC2 with x and y.
 * Returns: as assay_cose_sign1_parse; ASSAY_E_INVALID also for a missing or wrong parameter,
 *          ASSAY_E_UNSUPPORTED for another key type or curve
 */
ASSAY_CHECKED enum assay_status assay_cose_key_parse(const uint8_t *bytes, size_t len,
                                                     struct assay_key *key);

/* A reason of rule FORMAT (or UNSUPPORTED) that names the field of a document that could not be
 * read. ASSAY_OK and host failures add none. */
void assay_cose_note(enum assay_status status, const struct assay_where *where,
                     struct assay_verdict *verdict);

#endif
