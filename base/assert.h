/*
 * base/assert.h - assertions, enabled in every build type.
 *
 * Never on input: hostile bytes must not be able to abort a node.
 */
#ifndef ASSAY_BASE_ASSERT_H
#define ASSAY_BASE_ASSERT_H

/* Prints "file:line: function: assertion failed: text" to stderr and aborts. Returns: never. */
__attribute__((noreturn, cold)) void assay_assert_failed(const char *file, int line,
                                                         const char *function, const char *text);

#define ASSAY_ASSERT(condition)                                                                    \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            assay_assert_failed(__FILE__, __LINE__, __func__, #condition);                         \
    } while (0)

#define ASSAY_UNREACHABLE(text)                                                                    \
    assay_assert_failed(__FILE__, __LINE__, __func__, "unreachable: " text)

#endif
