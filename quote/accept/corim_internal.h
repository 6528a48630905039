/*
 * quote/accept/corim_internal.h - declarations shared by the files of the CoRIM reader.
 */
#ifndef ASSAY_QUOTE_ACCEPT_CORIM_INTERNAL_H
#define ASSAY_QUOTE_ACCEPT_CORIM_INTERNAL_H

#include "quote/accept/corim.h"
#include "quote/cose.h"

/* Tags of the draft, section 11 (IANA). */
enum {
    CORIM_TAG_TIME = 1, /* RFC 8949 3.4.2 */
    CORIM_TAG_URI = 32,
    CORIM_TAG_UUID = 37,
    CORIM_TAG_OID = 111,
    CORIM_TAG_CORIM = 501,
    CORIM_TAG_COMID = 506,
    CORIM_TAG_SVN = 552,
    CORIM_TAG_MIN_SVN = 553,
    CORIM_TAG_BYTES = 560,
};

/* Keys of measurement-values-map, section 5.1.4.1.4; the negative ones are our profile's. */
enum {
    CORIM_MVAL_VERSION = 0,
    CORIM_MVAL_SVN = 1,
    CORIM_MVAL_DIGESTS = 2,
    CORIM_MVAL_FLAGS = 3,
    CORIM_MVAL_RAW = 4,
    CORIM_MVAL_NAME = 11,
    CORIM_MVAL_REGISTERS = 14,
    CORIM_MVAL_STATE = -1,      /* enum assay_reference_state; absent: allowed */
    CORIM_MVAL_NOT_BEFORE = -2, /* time */
    CORIM_MVAL_NOT_AFTER = -3,
};

/* One reading. */
struct corim_reader {
    const uint8_t *base; /* of the whole input */
    bool partial;
    struct assay_corim *corim;
    struct assay_where *where;
    uint32_t triples_with_several_fields;
};

/* Which device a triple is about. */
struct corim_environment {
    struct assay_slice vendor; /* empty: absent */
    struct assay_slice model;
    uint64_t class_tag; /* 0: no class-id */
    struct assay_slice class_id;
};

enum corim_key_type { CORIM_KEY_NONE, CORIM_KEY_NUMBER, CORIM_KEY_TEXT, CORIM_KEY_OTHER };

/* mkey: which measurement of it. */
struct corim_key {
    enum corim_key_type type;
    uint64_t number;
    struct assay_slice text;
};

/* Remembers what and where; the first call wins. Returns: status, or ASSAY_OK for ASSAY_OK. */
enum assay_status corim_fail(struct corim_reader *reader, enum assay_status status,
                             const char *field, const uint8_t *at);
/* Something that a policy cannot hold. Returns: ASSAY_OK when it may be left out |
 * ASSAY_E_UNSUPPORTED */
enum assay_status corim_leave_out(struct corim_reader *reader, enum assay_corim_part part,
                                  const uint8_t *at);
/* A time: tag 1 with an integer (also a bare one if `bare`). Returns: as readers of base/cbor.h */
enum assay_status corim_time(struct assay_cursor *in, bool bare, int64_t *unix_s);
/* One item that is not looked at. Returns: as assay_cose_skip */
enum assay_status corim_skip(struct assay_cursor *in, struct assay_slice *out);
/* The next key of a map all of whose keys are integers. Returns: as assay_cose_map_next */
enum assay_status corim_next_key(struct assay_cose_map *map, struct assay_cursor *in, int64_t *key);

/* corim_triple.c: [environment, measurements] from the cursor into reader->corim. */
enum assay_status corim_reference_triple(struct corim_reader *reader, struct assay_cursor *in);

/* --- corim_table.c */
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND */
enum assay_status corim_profile_of(uint64_t tag, struct assay_slice identifier,
                                   enum assay_corim_profile *profile);
/*
 * corim_class_kinds - the kinds of evidence that an environment is about.
 * Out:     *narrow: the environment has more detail than a policy
 * Returns: a mask of kinds; 0 for an unknown environment
 */
uint32_t corim_class_kinds(enum assay_corim_profile profile,
                           const struct corim_environment *environment, bool *narrow);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (the policy has no such field) */
enum assay_status corim_field_of(enum assay_corim_profile profile, uint32_t kinds,
                                 const struct corim_key *key, enum assay_reference_field *field);
/* The same of an integrity register, by number or name. */
enum assay_status corim_register_of(uint32_t kinds, const struct corim_key *key,
                                    enum assay_reference_field *field);
/* Names of an entry's class and register in our own manifests. vendor and model are static
 * texts. */
void corim_class_of(const struct assay_reference *reference, const char **vendor,
                    const char **model);
/* Returns: true and the index of the register for RTMRs and PCRs. */
bool corim_register_index(enum assay_reference_field field, uint64_t *index);
/* Values of these fields are free bytes, not digests. Returns: true for them. */
bool corim_is_raw(enum assay_reference_field field);

#endif
