/*
 * tests/unit/apps/test_output.c - tests of base/file/output.h: replaced and preserved outputs.
 */
#include "base/file/kind.h"
#include "base/file/output.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_output, .init = set_up, .fini = tear_down);

#define BYTES(text) assay_slice_over((const uint8_t *)(text), sizeof(text) - 1)
#define CHECKPOINT "\x88\x73" "assay/checkpoint/v1"
#define GENESIS "\x83\x70" "assay/genesis/v1"
#define OPERATOR "\x84\x6c" "assay/key/v1" "\x68" "operator"
#define CHANGE "\x83\x07\x59\x01\x6e\x87\x6f" "assay/change/v1"

static char message[ASSAY_FILE_MESSAGE_LEN];

static enum assay_status output(const char *name, struct assay_slice content)
{
    message[0] = '\0';
    return assay_file_output(folder_at(&folder, name), ASSAY_FILE_PUBLIC, content, message);
}

static void put(const char *name, enum assay_file_mode mode, struct assay_slice content)
{
    cr_assert_eq(assay_file_replace(folder_at(&folder, name), mode, content), ASSAY_OK);
}

static bool has(const char *name, struct assay_slice content)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(assay_file_read(folder_at(&folder, name), 4096, &bytes, &len), ASSAY_OK);
    const bool same = len == content.len && assay_bytes_equal(bytes, content.bytes, len);
    free(bytes);
    return same;
}

static unsigned mode_of(const char *name)
{
    struct stat info;
    cr_assert_eq(lstat(folder_at(&folder, name), &info), 0);
    return info.st_mode & 07777;
}

Test(apps_output, kinds_are_named)
{
    static const struct {
        struct assay_slice head;
        const char *id;
        bool is_secret;
    } rows[] = {
        { { (const uint8_t *)"", 0 }, "empty", false },
        { { (const uint8_t *)CHECKPOINT, sizeof CHECKPOINT - 1 }, "checkpoint", false },
        { { (const uint8_t *)GENESIS, sizeof GENESIS - 1 }, "genesis", false },
        { { (const uint8_t *)CHANGE, sizeof CHANGE - 1 }, "change", false },
        { { (const uint8_t *)OPERATOR, sizeof OPERATOR - 1 }, "key/operator", true },
        { { (const uint8_t *)"SQLite format 3", 16 }, "sqlite", true },
        { { (const uint8_t *)"-----BEGIN EC PRIVATE KEY", 25 }, "pem-private", true },
        { { (const uint8_t *)"{\n", 2 }, "json", false },
        { { (const uint8_t *)"{\x01", 2 }, "binary", false },
        { { (const uint8_t *)"a: b\n", 5 }, "text", false },
        { { (const uint8_t *)"\x03\x00\x02\x00", 4 }, "quote", false },
        { { (const uint8_t *)"\x84\x6c" "assay", 7 }, "binary", false }, /* cut off */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_file_kind kind = assay_file_kind_of(rows[i].head);
        cr_expect_str_eq(kind.id, rows[i].id);
        cr_expect_eq(kind.is_secret, rows[i].is_secret);
    }
}

/* Whoever hands a file over writes its type, and a message repeats it. */
Test(apps_output, a_type_commands_no_terminal)
{
    static const uint8_t head[] = "\x82\x73" "assay/\x1b]0;a\x07\xc2\x9b" "2J/v1";
    const struct assay_file_kind kind =
        assay_file_kind_of(assay_slice_over(head, sizeof head - 1));
    cr_expect_str_eq(kind.text, "a document of type assay/?]0;a???2J");
}

Test(apps_output, an_output_replaces_its_like_and_keeps_the_mode)
{
    cr_assert_eq(output("file", BYTES(CHECKPOINT "1")), ASSAY_OK);
    cr_expect_eq(mode_of("file"), 0644);
    cr_assert_eq(chmod(folder_at(&folder, "file"), 0640), 0);
    cr_assert_eq(output("file", BYTES(CHECKPOINT "2")), ASSAY_OK);
    cr_expect(has("file", BYTES(CHECKPOINT "2")));
    cr_expect_eq(mode_of("file"), 0640);
    put("empty", ASSAY_FILE_SECRET, BYTES(""));
    cr_assert_eq(output("empty", BYTES(CHECKPOINT)), ASSAY_OK);
    cr_expect_eq(mode_of("empty"), 0600);
    put("wide", ASSAY_FILE_PUBLIC, BYTES("old secret"));
    cr_assert_eq(assay_file_output(folder_at(&folder, "wide"), ASSAY_FILE_SECRET,
                                   BYTES("new secret"), message),
                 ASSAY_OK);
    cr_expect_eq(mode_of("wide"), 0600);
}

Test(apps_output, nothing_else_is_replaced)
{
    static const struct {
        struct assay_slice old, next;
    } rows[] = {
        { { (const uint8_t *)OPERATOR, sizeof OPERATOR - 1 },
          { (const uint8_t *)CHECKPOINT, sizeof CHECKPOINT - 1 } },
        { { (const uint8_t *)OPERATOR "1", sizeof OPERATOR },
          { (const uint8_t *)OPERATOR "2", sizeof OPERATOR } },
        { { (const uint8_t *)GENESIS, sizeof GENESIS - 1 },
          { (const uint8_t *)CHANGE, sizeof CHANGE - 1 } },
        { { (const uint8_t *)"SQLite format 3", 16 }, { (const uint8_t *)"text", 4 } },
        { { (const uint8_t *)"# a file of mine\n", 17 },
          { (const uint8_t *)CHANGE, sizeof CHANGE - 1 } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put("file", ASSAY_FILE_SECRET, rows[i].old);
        cr_expect_eq(output("file", rows[i].next), ASSAY_E_DUPLICATE);
        cr_expect(has("file", rows[i].old));
        cr_expect_eq(mode_of("file"), 0600);
        cr_expect_not_null(strstr(message, " is there, which "));
    }
    cr_expect_eq(output("file", rows[4].old), ASSAY_OK, "the same content is no loss");
}

Test(apps_output, links_and_folders_are_refused_and_pipes_written_to)
{
    char target[512];
    struct stat info;
    put("target", ASSAY_FILE_PUBLIC, BYTES(CHECKPOINT "1"));
    (void)snprintf(target, sizeof target, "%s", folder_at(&folder, "target"));
    cr_assert_eq(symlink(target, folder_at(&folder, "link")), 0);
    cr_expect_eq(output("link", BYTES(CHECKPOINT "2")), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "is a symbolic link"));
    cr_expect(has("target", BYTES(CHECKPOINT "1")));
    cr_assert_eq(mkdir(folder_at(&folder, "folder"), 0700), 0);
    cr_expect_eq(output("folder", BYTES("x")), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "is a directory, expected a file"));
    cr_expect_eq(assay_file_output("/dev/full", ASSAY_FILE_PUBLIC, BYTES("x"), message),
                 ASSAY_E_IO);
    cr_expect_str_eq(message, "No space left on device");
    cr_assert_eq(stat("/dev/full", &info), 0);
    cr_expect(S_ISCHR(info.st_mode));
    cr_expect_eq(assay_file_output("/dev/null", ASSAY_FILE_PUBLIC, BYTES("x"), message), ASSAY_OK);
    cr_assert_eq(stat("/dev/null", &info), 0);
    cr_expect(S_ISCHR(info.st_mode));
    cr_expect_eq(output("absent/file", BYTES("x")), ASSAY_E_IO);
    cr_expect_str_eq(message, "No such file or directory");
}

Test(apps_output, a_check_beforehand_refuses_the_same)
{
    put("key", ASSAY_FILE_SECRET, BYTES(OPERATOR));
    put("genesis", ASSAY_FILE_PUBLIC, BYTES(GENESIS));
    cr_expect_eq(assay_file_output_check(folder_at(&folder, "key"), NULL, message),
                 ASSAY_E_DUPLICATE);
    cr_expect_eq(assay_file_output_check(folder_at(&folder, "genesis"), "checkpoint", message),
                 ASSAY_E_DUPLICATE);
    cr_expect_eq(assay_file_output_check(folder_at(&folder, "genesis"), "genesis", message),
                 ASSAY_OK);
    cr_expect_eq(assay_file_output_check(folder_at(&folder, "absent"), NULL, message), ASSAY_OK);
}
