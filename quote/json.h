/*
 * quote/json.h - parsers of the vendor's signed JSON documents into bounded structs.
 *
 * An interface: implemented in quote/json/. Refused: duplicate names, nesting beyond 16,
 * bytes
 * after the document, numbers outside their field, another number of components than 16, another
 * version. The signed bytes are located in the text itself and never re-serialised. Nothing is
 * verified here.
 */
#ifndef ASSAY_QUOTE_JSON_H
#define ASSAY_QUOTE_JSON_H

#include "base/crypto.h"

struct assay_qe_identity; /* quote/collateral/tcb.h */
struct assay_tcb_info;    /* quote/collateral/tcb.h */

enum {
    ASSAY_DOCUMENT_LEN_MAX = 131072, /* genuine documents: up to 7 KB */
    ASSAY_DOCUMENT_DEPTH_MAX = 16,
};

/* A document of the form {"<name>": <body>, "signature": "<128 hexadecimal digits>"}. */
struct assay_signed_json {
    struct assay_slice body; /* borrowed from the text: exactly the signed bytes */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/*
 * assay_doc_tcb_info - TCB info of version 3, or version 2 for SGX.
 * Out:     *signed_json borrows from text; outputs untouched unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE | ASSAY_E_RANGE | ASSAY_E_TYPE |
 * ASSAY_E_NOT_FOUND (a name is missing) | ASSAY_E_UNSUPPORTED (version, id, status) | ASSAY_E_FULL
 * | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_doc_tcb_info(const uint8_t *text, size_t len,
                                                   struct assay_tcb_info *info,
                                                   struct assay_signed_json *signed_json,
                                                   struct assay_where *where);
/* assay_doc_qe_identity - enclave identity QE or TD_QE of version 2. Returns: as above */
ASSAY_CHECKED enum assay_status assay_doc_qe_identity(const uint8_t *text, size_t len,
                                                      struct assay_qe_identity *identity,
                                                      struct assay_signed_json *signed_json,
                                                      struct assay_where *where);

/*
 * assay_doc_web_key - one public key as a JSON object (RFC 7517): P-256, P-384, RSA. Members
 * that are not needed are ignored.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no JSON object at all) | ASSAY_E_SYNTAX (also: a member
 *          is missing) | ASSAY_E_DUPLICATE | ASSAY_E_TYPE | ASSAY_E_RANGE (lengths) |
 *          ASSAY_E_UNSUPPORTED (kty, crv, size of RSA) | ASSAY_E_INVALID (a private key) |
 *          ASSAY_E_MEMORY; *key untouched unless ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_doc_web_key(const uint8_t *text, size_t len,
                                                  struct assay_key *key);
/*
 * assay_doc_runtime_key - one RSA key of {"keys": [{"kid": ..., "kty": "RSA", "n": ...,
 * "e": ...}, ...], ...}: the runtime data of a paravisor (quote/tpm/vtpm.c). Other keys and members
 * are allowed.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE (a name, or the id, twice) |
 *          ASSAY_E_RANGE | ASSAY_E_TYPE | ASSAY_E_NOT_FOUND | ASSAY_E_UNSUPPORTED (another type or
 *          size of key) | ASSAY_E_MEMORY; *key untouched unless ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_doc_runtime_key(const uint8_t *text, size_t len,
                                                      const char *id, struct assay_key *key);

/*
 * assay_doc_cmw - a conceptual message wrapper in JSON, as the one in CBOR of the same content:
 * a record ["type", "base64url", ? indicator], or an object of such and of objects. Nothing but the
 * form is checked.
 * In:      capacity >= 2 * len always suffices
 * Out:     out[*cbor_len]
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_ENCODING (of a value) | ASSAY_E_DUPLICATE |
 *          ASSAY_E_RANGE (nesting, members, a number) | ASSAY_E_TYPE | ASSAY_E_FULL |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_doc_cmw(const uint8_t *text, size_t len, uint8_t *out,
                                              size_t capacity, size_t *cbor_len);

enum { ASSAY_JSON_TEXTS_MAX = 32 };

struct assay_doc_texts {
    bool (*is_wanted)(struct assay_slice text); /* in: the others are left out */
    size_t count;
    struct assay_slice texts[ASSAY_JSON_TEXTS_MAX]; /* one behind the other in `out` */
};

/*
 * assay_doc_texts - the texts that a JSON object stores as strings, at any depth: collateral
 * as dcap-qvl and its descendants store it, {"pck_crl": "<hexadecimal>", "tcb_info": "{...}",
 * "tcb_info_signature": "<hexadecimal>", ...}. A body and its signature become the document of
 * Intel's that they were taken from; the signed bytes are those of the string.
 * In:      capacity >= len always suffices
 * Returns: ASSAY_OK | ASSAY_E_FULL (more texts) | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE |
 *          ASSAY_E_RANGE | ASSAY_E_TYPE (no object) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_doc_texts(const uint8_t *text, size_t len, uint8_t *out,
                                                size_t capacity, struct assay_doc_texts *found);

/* --- documents without a schema: tokens of other verifiers (quote/result/token/token.h) */
enum {
    ASSAY_TREE_NODES_MAX = 1024,                  /* genuine tokens: up to 150 */
    ASSAY_TREE_TEXT_MAX = ASSAY_DOCUMENT_LEN_MAX, /* texts are never longer than their document */
    ASSAY_TREE_TOP = ASSAY_TREE_NODES_MAX,        /* parent of the outermost value, node 0 */
    ASSAY_KEY_SET_LEN_MAX = 524288,               /* regions of Azure: 40 certificates at 8 KB */
};

enum assay_tree_type {
    ASSAY_TREE_NULL = 0,
    ASSAY_TREE_BOOL = 1,
    ASSAY_TREE_INT = 2,
    ASSAY_TREE_REAL = 3, /* with a point or an exponent; as text */
    ASSAY_TREE_TEXT = 4,
    ASSAY_TREE_LIST = 5,
    ASSAY_TREE_MAP = 6,
};

struct assay_tree_node {
    const char *key; /* of a member of a map; empty in a list and of node 0 */
    uint16_t parent; /* its index, smaller than the node's own, or ASSAY_TREE_TOP */
    uint8_t type;    /* enum assay_tree_type */
    int64_t number;  /* of BOOL, INT; of LIST, MAP: how many members */
    struct assay_slice text; /* of TEXT (UTF-8 without a NUL), REAL and INT below 0; a NUL that is
                              * not counted follows */
};

/* One document, parents in front of their members. Nodes borrow from it: do not copy it. */
struct assay_doc_tree {
    size_t count;
    struct assay_tree_node nodes[ASSAY_TREE_NODES_MAX];
    size_t used;
    char texts[ASSAY_TREE_TEXT_MAX];
};

/*
 * assay_doc_tree_read - an object or a list of any content.
 * Out:     *tree, overwritten; empty unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer than ASSAY_DOCUMENT_LEN_MAX, too deep, a number beyond
 *          64 bits) | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE | ASSAY_E_TYPE (neither) | ASSAY_E_FULL
 *          (more values) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_doc_tree_read(const uint8_t *text, size_t len,
                                                    struct assay_doc_tree *tree);
/*
 * assay_doc_key_of_set - the one key of an id of a key set {"keys": [...]} (RFC 7517 5).
 * Out:     *tree: all members of the key; *key: its public key, of type NONE where the members
 *          name none (Azure publishes certificates alone)
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no key of the id) | ASSAY_E_DUPLICATE (two of the id, or a
 *          name twice) | ASSAY_E_RANGE (longer than ASSAY_KEY_SET_LEN_MAX; lengths) |
 *          ASSAY_E_SYNTAX | ASSAY_E_TYPE | ASSAY_E_UNSUPPORTED (kty, crv, size of RSA) |
 *          ASSAY_E_INVALID (a private key) | ASSAY_E_FULL | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_doc_key_of_set(const uint8_t *text, size_t len,
                                                     const char *id, struct assay_doc_tree *tree,
                                                     struct assay_key *key);

#endif
