/*
 * tests/unit/apps/test_images.c - tests of pinned images: the running ones, those of the policy and
 * the previous one stay, others are removed.
 */
#include "apps/daemon/images_prune.h"

#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;

static void set_up(void)
{
    folder = folder_make();
}

static void clear_up(void)
{
    folder_remove(&folder);
}

TestSuite(apps_images, .init = set_up, .fini = clear_up);

/* 64 digits of one kind, and what follows. */
static const char *name_of(char digit, const char *tail)
{
    static char name[80];
    memset(name, digit, 64);
    (void)snprintf(name + 64, sizeof name - 64, "%s", tail);
    return name;
}

static void put(char digit, const char *tail, long at)
{
    const struct timespec times[2] = { { at, 0 }, { at, 0 } };
    const char *const path = folder_put(&folder, name_of(digit, tail), "x", 1, 0700);
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const char *name)
{
    return access(folder_at(&folder, name), F_OK) == 0;
}

static bool is_named(const void *context, const uint8_t digest[static 32])
{
    const uint8_t *const named = context;
    return digest[0] == *named;
}

/* SHA-256 of "x". */
static const char x_name[] = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

Test(apps_images, an_image_that_is_not_its_name_is_found)
{
    char name[65] = "", why[DAEMON_PIN_WHY] = "";
    cr_expect(daemon_images_sound(folder_at(&folder, "none"), 10, name, why));
    (void)folder_put(&folder, x_name, "x", 1, 0700);
    put('a', ".run", 1);
    (void)folder_put(&folder, ".new", "y", 1, 0700);
    cr_expect(daemon_images_sound(folder.path, 10, name, why), "other names are not its business");
    const char *path = folder_put(&folder, x_name, "xy", 2, 0700);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why));
    cr_expect_str_eq(name, x_name);
    cr_expect_not_null(strstr(why, "its SHA-256 is "), "%s", why);
    cr_expect_not(daemon_images_sound(folder.path, 1, name, why), "longer than an image is");
    (void)folder_put(&folder, x_name, "", 0, 0700);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why), "nothing is left of it");
    cr_assert_eq(unlink(path), 0);
    const char *const other = folder_put(&folder, "other", "x", 1, 0700);
    cr_assert_eq(symlink(other, path), 0);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why), "a link is no copy");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why));
    cr_assert_eq(rmdir(path), 0);
    cr_expect(daemon_images_sound(folder.path, 10, name, why));
}

Test(apps_images, what_is_used_named_or_the_one_before_stays)
{
    const uint8_t named = 0xaa;
    char used[4096], runs[4096];
    (void)snprintf(used, sizeof used, "%s/%s", folder.path, name_of('b', ""));
    (void)snprintf(runs, sizeof runs, "%s/%s", folder.path, name_of('b', ".run"));
    const struct daemon_image_needs needs = { { used, runs }, &named, is_named };
    put('a', "", 1);
    put('a', ".run", 9000); /* a copy that is not used */
    put('b', "", 2);
    put('b', ".run", 3);
    put('c', "", 4000);
    put('d', "", 5000); /* the one before */
    put('e', "", 100);
    put('e', ".tmp", 100); /* not ours */
    cr_expect_eq(daemon_images_prune(folder.path, &needs), 3);
    cr_expect(is_there(name_of('a', "")), "a policy names it");
    cr_expect_not(is_there(name_of('a', ".run")));
    cr_expect(is_there(name_of('b', "")));
    cr_expect(is_there(name_of('b', ".run")));
    cr_expect_not(is_there(name_of('c', "")));
    cr_expect(is_there(name_of('d', "")));
    cr_expect_not(is_there(name_of('e', "")));
    cr_expect(is_there(name_of('e', ".tmp")));
    cr_expect_eq(daemon_images_prune(folder.path, &needs), 0);
}

Test(apps_images, a_folder_that_is_not_there_has_none)
{
    const uint8_t named = 0;
    const struct daemon_image_needs needs = { { NULL, NULL }, &named, is_named };
    cr_expect_eq(daemon_images_prune("/nonexistent/images", &needs), 0);
    cr_expect_eq(daemon_images_prune(folder.path, &needs), 0);
}
