/*
 * base/status.h - status codes of functions that can fail at runtime.
 *
 * One list feeds the enum, the text, the class and docs/. Numbers are logged and sent, hence never
 * reused. Distrust is not a status: it is a value (quote/verdict.h). A bug is an assertion
 * (assert.h).
 */
#ifndef ASSAY_BASE_STATUS_H
#define ASSAY_BASE_STATUS_H

/* What the caller does about it: INPUT -> drop and count against the sender; LIMIT -> back off;
 * HOST -> stop serving, never guess. */
enum assay_class { ASSAY_CLASS_OK, ASSAY_CLASS_INPUT, ASSAY_CLASS_LIMIT, ASSAY_CLASS_HOST };

/* symbol, number, class, text */
#define ASSAY_STATUS_LIST(X)                                                                       \
    X(ASSAY_OK, 0, ASSAY_CLASS_OK, "success")                                                      \
    X(ASSAY_E_TRUNCATED, 101, ASSAY_CLASS_INPUT, "input ends inside a field")                      \
    X(ASSAY_E_TRAILING, 102, ASSAY_CLASS_INPUT, "bytes follow the last field")                     \
    X(ASSAY_E_RANGE, 103, ASSAY_CLASS_INPUT, "a number is outside its range")                      \
    X(ASSAY_E_UNSUPPORTED, 104, ASSAY_CLASS_INPUT, "a version or type is not known")               \
    X(ASSAY_E_ENCODING, 105, ASSAY_CLASS_INPUT, "the encoding is not the canonical one")           \
    X(ASSAY_E_TYPE, 106, ASSAY_CLASS_INPUT, "a field has another type than its place requires")    \
    X(ASSAY_E_DUPLICATE, 107, ASSAY_CLASS_INPUT, "the same thing came twice")                      \
    X(ASSAY_E_SIGNATURE, 108, ASSAY_CLASS_INPUT, "a signature does not verify")                    \
    X(ASSAY_E_KEY, 109, ASSAY_CLASS_INPUT, "a public key is not a point of its curve")             \
    X(ASSAY_E_CHAIN, 110, ASSAY_CLASS_INPUT, "the message belongs to another chain or era")        \
    X(ASSAY_E_STALE, 111, ASSAY_CLASS_INPUT, "the message belongs to a past epoch or view")        \
    X(ASSAY_E_EARLY, 112, ASSAY_CLASS_INPUT, "the message belongs to an epoch or view to come")    \
    X(ASSAY_E_STRANGER, 113, ASSAY_CLASS_INPUT, "the sender is not on the roster")                 \
    X(ASSAY_E_LANE, 114, ASSAY_CLASS_INPUT, "the sender may not send this kind of message")        \
    X(ASSAY_E_INVALID, 115, ASSAY_CLASS_INPUT, "a rule of the protocol forbids it")                \
    X(ASSAY_E_SYNTAX, 116, ASSAY_CLASS_INPUT, "the text does not follow its grammar")              \
    X(ASSAY_E_NOT_FOUND, 117, ASSAY_CLASS_INPUT, "nothing is known under that name")               \
    X(ASSAY_E_FULL, 201, ASSAY_CLASS_LIMIT, "a fixed capacity is used up")                         \
    X(ASSAY_E_RATE, 202, ASSAY_CLASS_LIMIT, "the sender is over its budget")                       \
    X(ASSAY_E_AGAIN, 203, ASSAY_CLASS_LIMIT, "not now; try again later")                           \
    X(ASSAY_E_STORE, 301, ASSAY_CLASS_HOST, "the store refused or lost a write")                   \
    X(ASSAY_E_IO, 302, ASSAY_CLASS_HOST, "the operating system refused an operation")              \
    X(ASSAY_E_CRYPTO, 303, ASSAY_CLASS_HOST, "the cryptographic library failed")                   \
    X(ASSAY_E_MEMORY, 304, ASSAY_CLASS_HOST, "no memory")                                          \
    X(ASSAY_E_VERSION, 305, ASSAY_CLASS_HOST, "a file was written by another version")             \
    X(ASSAY_E_TIMEOUT, 306, ASSAY_CLASS_HOST, "no answer in time")

#define ASSAY_STATUS_ENUM(symbol, number, class_, text) symbol = number,
enum assay_status { ASSAY_STATUS_LIST(ASSAY_STATUS_ENUM) };
#undef ASSAY_STATUS_ENUM

#define ASSAY_CHECKED __attribute__((warn_unused_result))

/* Only in functions that own nothing: it returns from the middle. */
#define ASSAY_TRY(call)                                                                            \
    do {                                                                                           \
        const enum assay_status try_ = (call);                                                     \
        if (try_ != ASSAY_OK) return try_;                                                         \
    } while (0)

/* Place in an input, for error messages. Optional out-parameter. */
struct assay_where {
    const char *field;  /* static text: the field's name, NULL when unknown */
    unsigned long offset; /* bytes from the start of the input */
};

/* Static text of a status ("unknown status" outside the list). Returns: never NULL. */
const char *assay_status_text(enum assay_status status);
/* The symbol, e.g. "ASSAY_E_RANGE". Returns: never NULL. */
const char *assay_status_symbol(enum assay_status status);
/* Returns: the class of a status; HOST for a number outside the list. */
enum assay_class assay_status_class(enum assay_status status);
/* A deliberate discard, with its reason in the source. */
static inline void assay_status_ignore(enum assay_status status, const char *reason)
{
    (void)status;
    (void)reason;
}

#endif
