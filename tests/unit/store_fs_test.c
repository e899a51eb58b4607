/* What the fs store does with what only a file system can do to it. */
#include "tests/contract/store_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/store/fs_temp.h"

#define FS_TEST(name_)                    \
    static void name_(struct fixture *f); \
    STORE_TEST(fs_##name_, name_, false)  \
    static void name_(struct fixture *f)

static const char *path_of(const struct fixture *f, const char *name)
{
    static char paths[4][1400];
    static unsigned int next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", f->dir, name);
    return path;
}

static int count_entries(const char *dir)
{
    DIR *d = opendir(dir);
    int count = -2; /* . and .. */

    CHECK(d != NULL);
    while (readdir(d))
        count++;
    (void)closedir(d);
    return count;
}

static int fail_put(const struct fixture *f, const char *name, size_t size, struct err *err)
{
    static char bytes[1 << 20];

    return store_put(f->store, key_of(f, name), bytes, size, NULL, NULL, err);
}

FS_TEST(a_full_disk_leaves_the_old_object)
{
    const struct rlimit limit = {4096, RLIM_INFINITY};
    struct err err = {0};

    (void)put_text(f, "x", "old");
    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    CHECK_INT(fail_put(f, "x", 100000, &err), ==, ERR_IO);
    CHECK_HAS(err.text, "no space left");
    check_text(f, "x", "old");
    CHECK_INT(count_entries(path_of(f, ".tmp-put")), ==, 0);
}

/* A private view of the mounts, for tests that mount something; it ends with the test. */
static void mounts_of_my_own(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        SKIP("mounting is not allowed here");
}

FS_TEST(a_full_file_system_leaves_the_old_object)
{
    struct store_conf conf = {.url = "fs", .dir = path_of(f, "small")};
    struct fixture small = {0};
    struct err err = {0};

    mounts_of_my_own();
    CHECK_INT(mkdir(conf.dir, 0755), ==, 0);
    if (mount("none", conf.dir, "tmpfs", 0, "size=64k") < 0)
        SKIP("tmpfs is not allowed here");
    (void)snprintf(small.dir, sizeof small.dir, "%s", conf.dir);
    small.store = store_open(&conf, &err);
    CHECK(small.store != NULL);
    (void)put_text(&small, "x", "old");
    CHECK_INT(fail_put(&small, "x", 100000, &err), ==, ERR_IO);
    CHECK_HAS(err.text, "no space left");
    check_text(&small, "x", "old");
    (void)put_text(&small, "y", "there is room again"); /* what was written has gone */
    store_free(small.store);
    CHECK_INT(umount(conf.dir), ==, 0);
}

FS_TEST(a_read_only_folder_says_how_to_mend_it)
{
    struct err err = {0}, ping = {0}, removal = {0};

    (void)put_text(f, "x", "old");
    mounts_of_my_own();
    if (mount(f->dir, f->dir, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, f->dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
        SKIP("bind mounts are not allowed here");
    const struct store_conf conf = {.url = "fs", .dir = f->dir};
    OWNED(store) store = store_open(&conf, &err); /* to read from */
    CHECK(store != NULL);
    struct fixture read_only = *f;
    read_only.store = store;

    CHECK_INT(fail_put(&read_only, "x", 10, &err), ==, ERR_DENIED);
    CHECK_HAS(err.text, "mount it for writing");
    CHECK_INT(store_ping(store, &ping), ==, ERR_DENIED);
    CHECK_HAS(ping.text, "read-only");
    CHECK_INT(store_remove(store, key_of(f, "x"), NULL, &removal), ==, ERR_DENIED);
    check_text(&read_only, "x", "old");
    CHECK_INT(umount2(f->dir, MNT_DETACH), ==, 0);
}

FS_TEST(what_a_crash_left_is_hidden_and_swept_when_it_is_old)
{
    const struct store_conf conf = {.url = "fs", .dir = f->dir};
    OWNED_VALUE(key_list) list = {0};
    struct err err = {0};
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    int fd;

    (void)put_text(f, "x", "x");
    fd = creat(path_of(f, ".tmp-put/0123"), 0644);
    CHECK_INT(fd, >=, 0);
    CHECK_INT(futimens(fd, long_ago), ==, 0); /* as a link that a copy makes may have it */
    (void)close(fd);
    CHECK_OK(store_list(f->store, "", NULL, 0, add_key, &list, &err), err);
    CHECK_INT(list.count, ==, 1);
    store_free(store_open(&conf, &err));
    CHECK_INT(access(path_of(f, ".tmp-put/0123"), F_OK), ==, 0); /* somebody may write it */

    int root = open(f->dir, O_RDONLY | O_DIRECTORY);
    fs_temp_clean(root, 3600);
    CHECK_INT(count_entries(path_of(f, ".tmp-put")), ==, 1);
    fs_temp_clean(root, -1); /* as if that much time had passed */
    CHECK_INT(count_entries(path_of(f, ".tmp-put")), ==, 0);
    check_text(f, "x", "x");
    (void)close(root);
}

FS_TEST(links_are_not_followed)
{
    char outside[256];
    OWNED_VALUE(key_list) list = {0};
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};
    bool existed;

    make_test_dir(outside, sizeof outside);
    (void)put_text(f, "in/x", "x");
    CHECK_INT(symlink(outside, path_of(f, "out")), ==, 0);
    CHECK_INT(symlink("/etc/passwd", path_of(f, "file")), ==, 0);
    CHECK_INT(symlink("/etc", path_of(f, key_of(f, "in/etc"))), ==, 0);
    CHECK_INT(store_get(f->store, "file", &data, NULL, &err), ==, ERR_DENIED);
    CHECK_HAS(err.text, "symbolic link");
    err_clear(&err);
    CHECK_INT(store_get(f->store, key_of(f, "in/etc/passwd"), &data, NULL, &err), ==,
              ERR_DENIED);
    err_clear(&err);
    CHECK_INT(store_put(f->store, "out/y", "y", 1, NULL, NULL, &err), ==, ERR_DENIED);
    CHECK_INT(count_entries(outside), ==, 0);
    err_clear(&err);
    CHECK_INT(store_copy(f->store, "file", "copy", NULL, &err), <, 0);
    err_clear(&err);
    CHECK_INT(store_remove(f->store, "out/y", &existed, &err), ==, ERR_DENIED);
    err_clear(&err);
    CHECK_OK(store_list(f->store, "", NULL, 0, add_key, &list, &err), err);
    CHECK_INT(list.count, ==, 1);
    remove_test_dir(outside);
}

/* From here on this process has no openat2, as on a kernel before 5.6. */
static void forbid_openat2(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        SKIP("seccomp is not allowed here");
}

FS_TEST(an_old_kernel_is_enough)
{
    OWNED_VALUE(key_list) list = {0};
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};

    forbid_openat2();
    CHECK_INT(mkdir(path_of(f, "in"), 0755), ==, 0);
    CHECK_INT(symlink("/etc", path_of(f, "in/out")), ==, 0);
    CHECK_INT(symlink("/etc/passwd", path_of(f, "in/file")), ==, 0);
    (void)put_text(f, "a/b/c", "x");
    (void)put_text(f, "top", "t");
    check_text(f, "a/b/c", "x");
    CHECK_OK(store_copy(f->store, key_of(f, "a/b/c"), key_of(f, "d/e"), NULL, &err), err);
    CHECK_OK(store_remove(f->store, key_of(f, "a/b/c"), NULL, &err), err);
    CHECK_OK(store_list(f->store, "", NULL, 0, add_key, &list, &err), err);
    CHECK_INT(list.count, ==, 2);
    CHECK_INT(store_get(f->store, "in/out/passwd", &data, NULL, &err), <, 0);
    err_clear(&err);
    CHECK_INT(store_get(f->store, "in/file", &data, NULL, &err), ==, ERR_DENIED);
    err_clear(&err);
    CHECK_INT(store_put(f->store, "in/out/x", "x", 1, NULL, NULL, &err), <, 0);
}

FS_TEST(a_part_over_255_bytes_is_refused)
{
    char name[300];
    struct err err = {0};

    memset(name, 'n', sizeof name);
    name[256] = '\0';
    CHECK_INT(store_put(f->store, name, "x", 1, NULL, NULL, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "255 bytes");
    err_clear(&err);
    memcpy(name + 256, "/x", 3);
    CHECK_INT(store_put(f->store, name, "x", 1, NULL, NULL, &err), ==, ERR_INVALID);
    err_clear(&err);
    memcpy(name + 255, "/x", 3);
    CHECK_OK(store_put(f->store, name, "x", 1, NULL, NULL, &err), err);
}

FS_TEST(an_object_cannot_be_a_folder_too)
{
    struct err err = {0};

    (void)put_text(f, "a", "a");
    CHECK_INT(fail_put(f, "a/b", 1, &err), ==, ERR_CONFLICT);
    CHECK_HAS(err.text, "another key");
    err_clear(&err);
    (void)put_text(f, "c/d", "d");
    CHECK_INT(fail_put(f, "c", 1, &err), ==, ERR_CONFLICT);
    CHECK_HAS(err.text, "objects below");
    err_clear(&err);
    CHECK_INT(store_copy(f->store, key_of(f, "a"), key_of(f, "c"), NULL, &err), ==,
              ERR_CONFLICT);
    check_text(f, "a", "a");
    check_text(f, "c/d", "d");
    CHECK_INT(count_entries(path_of(f, ".tmp-put")), ==, 0);
}

FS_TEST(an_empty_folder_is_not_in_the_way)
{
    (void)put_text(f, "x", "x");
    CHECK_INT(mkdir(path_of(f, key_of(f, "a")), 0755), ==, 0);
    (void)put_text(f, "a", "a");
    check_text(f, "a", "a");
}

FS_TEST(empty_folders_go_with_their_last_object)
{
    struct err err = {0};

    (void)put_text(f, "a/b/c/x", "x");
    (void)put_text(f, "a/y", "y");
    CHECK_OK(store_remove(f->store, key_of(f, "a/b/c/x"), NULL, &err), err);
    CHECK_INT(access(path_of(f, key_of(f, "a/b")), F_OK), <, 0);
    check_text(f, "a/y", "y");
    CHECK_OK(store_remove(f->store, key_of(f, "a/y"), NULL, &err), err);
    CHECK_INT(count_entries(f->dir), ==, 1); /* .tmp-put */
}

/* A neighbour in the same folder, which goes with each of its removals when it is empty then.
 */
struct neighbour {
    struct store *store;
    char key[300];
    atomic_bool done;
};

static void *put_and_remove(void *ctx)
{
    struct neighbour *n = ctx;

    while (!atomic_load(&n->done)) {
        struct err err = {0};

        CHECK_OK(store_put(n->store, n->key, "n", 1, NULL, NULL, &err), err);
        CHECK_OK(store_remove(n->store, n->key, NULL, &err), err);
    }
    return NULL;
}

FS_TEST(a_put_and_a_prune_do_not_hinder_each_other)
{
    struct neighbour neighbour = {.store = f->store};
    struct err err = {0};
    pthread_t thread;

    (void)snprintf(neighbour.key, sizeof neighbour.key, "%s", key_of(f, "deep/er/neighbour"));
    CHECK_INT(pthread_create(&thread, NULL, put_and_remove, &neighbour), ==, 0);
    for (int i = 0; i < 300; i++) {
        (void)put_text(f, "deep/er/mine", "m");
        check_text(f, "deep/er/mine", "m");
        CHECK_OK(store_remove(f->store, key_of(f, "deep/er/mine"), NULL, &err), err);
    }
    atomic_store(&neighbour.done, true);
    CHECK_INT(pthread_join(thread, NULL), ==, 0);
}

FS_TEST(the_descriptor_reads_the_object)
{
    struct store_info put = put_text(f, "x", "12345"), info;
    struct err err = {0};
    char bytes[8] = "";
    int fd = store_open_fd(f->store, key_of(f, "x"), &info, &err);

    CHECK_OK(fd, err);
    (void)put_text(f, "x", "newer"); /* does not change what is open */
    CHECK_INT(read(fd, bytes, sizeof bytes), ==, 5);
    CHECK_STR(bytes, "12345");
    CHECK_STR(info.etag, put.etag);
    CHECK(!store_may_block(f->store));
    (void)close(fd);
}

FS_TEST(a_copy_shares_the_bytes)
{
    struct store_info info, copied;
    struct stat a, b;
    struct err err = {0};

    info = put_text(f, "x", "x");
    CHECK_OK(store_copy(f->store, key_of(f, "x"), key_of(f, "y"), &copied, &err), err);
    CHECK_INT(stat(path_of(f, key_of(f, "x")), &a), ==, 0);
    CHECK_INT(stat(path_of(f, key_of(f, "y")), &b), ==, 0);
    CHECK_INT(a.st_ino, ==, b.st_ino);
    CHECK_STR(info.etag, copied.etag);
}

FS_TEST(a_file_with_all_the_links_it_may_have_is_copied)
{
    char from[1400], to[1400];
    struct stat a, b;
    struct err err = {0};
    int links = 0;

    (void)put_text(f, "x", "bytes");
    (void)put_text(f, "links/x", "x");
    (void)snprintf(from, sizeof from, "%s", path_of(f, key_of(f, "x")));
    do {
        (void)snprintf(to, sizeof to, "%s/%slinks/%d", f->dir, f->prefix, links);
    } while (link(from, to) == 0 && ++links < 70000);
    if (links == 70000)
        SKIP("this file system has no such limit");
    CHECK_OK(store_copy(f->store, key_of(f, "x"), key_of(f, "y"), NULL, &err), err);
    check_text(f, "y", "bytes");
    CHECK_INT(stat(from, &a), ==, 0);
    CHECK_INT(stat(path_of(f, key_of(f, "y")), &b), ==, 0);
    CHECK_INT(a.st_ino, !=, b.st_ino);
}

FS_TEST(a_list_gets_past_more_folders_than_one_pass_holds)
{
    OWNED_VALUE(key_list) list = {0};
    struct err err = {0};

    (void)put_text(f, "z", "z");
    for (int i = 0; i < 1000; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "empty%d", i);
        CHECK_INT(mkdir(path_of(f, key_of(f, name)), 0755), ==, 0);
    }
    CHECK_OK(store_list(f->store, "", NULL, 1, add_key, &list, &err), err);
    CHECK_INT(list.count, ==, 1);
    CHECK_STR(list.keys[0], key_of(f, "z"));
}

FS_TEST(what_is_no_object_is_not_listed)
{
    OWNED_VALUE(key_list) list = {0};
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};

    (void)put_text(f, "x", "x");
    CHECK_INT(mkfifo(path_of(f, "fifo"), 0644), ==, 0);
    CHECK_INT(creat(path_of(f, "latin\xe9"), 0644), >=, 0);
    CHECK_INT(creat(path_of(f, "control\x01"), 0644), >=, 0);
    CHECK_OK(store_list(f->store, "", NULL, 0, add_key, &list, &err), err);
    CHECK_INT(list.count, ==, 1);
    CHECK_INT(store_get(f->store, "fifo", &data, NULL, &err), ==, ERR_NOT_FOUND);
}

TEST(fs_missing_folders_are_made_and_a_file_in_their_place_is_named)
{
    char dir[256], path[300];
    struct store_conf conf = {.url = "fs", .dir = path};
    struct err err = {0};

    make_test_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/a/b/c", dir);
    OWNED(store) store = store_open(&conf, &err);
    CHECK(store != NULL);
    CHECK_OK(store_ping(store, &err), err);
    CHECK_OK(store_put(store, "x", "x", 1, NULL, NULL, &err), err);
    (void)snprintf(path, sizeof path, "%s/a/b/c/x", dir);
    CHECK(store_open(&conf, &err) == NULL);
    CHECK_HAS(err.text, path);
    remove_test_dir(dir);
}

TEST(fs_an_unknown_store_is_refused)
{
    struct store_conf conf = {.url = "ftp://x", .dir = "/tmp"};
    struct err err = {0};

    CHECK(store_open(&conf, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "ftp://x");
}
