/*
 * quote/result/ear_writer.h - members of an attestation result, as JSON or as CBOR.
 *
 * One sequence of calls gives both: a member has a name, and the number that CBOR has in its place
 * (0: the name as well). Bytes are hexadecimal or base64url in JSON and byte strings in CBOR. JSON
 * is ASCII. CBOR maps have at most 23 members, so their heads are one byte, filled in at the end.
 */
#ifndef ASSAY_QUOTE_RESULT_EAR_WRITER_H
#define ASSAY_QUOTE_RESULT_EAR_WRITER_H

#include "base/bytes.h"
#include "base/writer.h"

enum { ASSAY_EAR_DEPTH = 8 };

struct assay_ear_writer {
    struct assay_writer *w;
    bool cbor;
    bool first; /* of JSON: no comma before the next member */
    size_t depth;
    struct {
        size_t at; /* of a CBOR map: where its head is */
        unsigned count;
        bool list;
    } open[ASSAY_EAR_DEPTH + 1];
};

struct assay_ear_key {
    const char *name; /* NULL: an item of a list */
    int64_t label;    /* 0: none, unless labelled */
    bool labelled;    /* with the number in any case */
};
#define ASSAY_EAR_KEY(name, label) ((struct assay_ear_key){ (name), (label), false })
#define ASSAY_EAR_NAME(name)       ((struct assay_ear_key){ (name), 0, false })
#define ASSAY_EAR_ITEM             ((struct assay_ear_key){ NULL, 0, false })
/* Of CBOR alone: a number, which may be 0. */
#define ASSAY_EAR_LABEL(label) ((struct assay_ear_key){ "", (label), true })

/* The outermost map is opened with ASSAY_EAR_ITEM. Returns: a writer of no member yet. */
struct assay_ear_writer assay_ear_writer_over(struct assay_writer *w, bool cbor);
void assay_ear_open_map(struct assay_ear_writer *o, struct assay_ear_key key);
void assay_ear_open_list(struct assay_ear_writer *o, struct assay_ear_key key, size_t count);
void assay_ear_close(struct assay_ear_writer *o);
/* Each puts one member. Texts: bytes beyond ASCII are taken for characters of Latin-1. */
void assay_ear_put_text(struct assay_ear_writer *o, struct assay_ear_key key, const char *text);
void assay_ear_put_text_n(struct assay_ear_writer *o, struct assay_ear_key key,
                          struct assay_slice text);
void assay_ear_put_int(struct assay_ear_writer *o, struct assay_ear_key key, int64_t value);
void assay_ear_put_uint(struct assay_ear_writer *o, struct assay_ear_key key, uint64_t value);
void assay_ear_put_bool(struct assay_ear_writer *o, struct assay_ear_key key, bool value);
void assay_ear_put_null(struct assay_ear_writer *o, struct assay_ear_key key);
/* At most 64 bytes. */
void assay_ear_put_hex(struct assay_ear_writer *o, struct assay_ear_key key,
                       struct assay_slice bytes);
void assay_ear_put_base64(struct assay_ear_writer *o, struct assay_ear_key key,
                          struct assay_slice bytes);
/* "ni:///sha-256;..." (RFC 6920 3): named by its hash, a text in both. */
void assay_ear_put_ni(struct assay_ear_writer *o, struct assay_ear_key key,
                      const uint8_t digest[static 32]);

#endif
