#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "keystore_fixture.h"

namespace keystore_disk_full_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace fs = std::filesystem;

namespace {

/// No file of this process grows beyond a size; what writes more is told EFBIG, as a full quota would.
struct FileSizeLimit {
  explicit FileSizeLimit(std::size_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    static_cast<void>(std::signal(SIGXFSZ, handler_));
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

/// Puts until it fails; returns what was put.
std::vector<Credential> fill(DiskStore& disk) {
  std::vector<Credential> stored;
  for (int i = 0; i < 20'000; ++i) {
    auto credential = make_credential(disk.random, "example.com", "user" + std::to_string(i));
    const auto put = disk.store->put(credential);
    if (!put) {
      INFO(put.error().message);
      CHECK(put.error().kind == StoreError::Kind::full);
      check_sentence(put.error());
      CHECK_FALSE(disk.store->find(credential.id)->has_value());
      return stored;
    }
    stored.push_back(std::move(credential));
  }
  FAIL("the disk did not become full");
  return stored;
}

void check_all(DiskStore& disk, const std::vector<Credential>& stored, std::uint32_t next_count) {
  CHECK(*disk.store->count() == stored.size());
  for (const auto& credential : stored) {
    const auto found = disk.store->find(credential.id);
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    CHECK(same(**found, credential));
  }
  CHECK(disk.store->check()->sound());
  const auto count = disk.store->next_sign_count(Bytes(32, 1));
  REQUIRE(count.has_value());
  CHECK(*count >= next_count);
  CHECK(*count <= next_count + 64);
}

}  // namespace

TEST_CASE(
    "sqlite store: what exceeds the room is refused as full, the rest stays, and it goes on with room") {
  DiskStore disk;
  std::uint32_t count = *disk.store->next_sign_count(Bytes(32, 1));
  std::vector<Credential> stored;
  {
    const FileSizeLimit limit{600'000};
    stored = fill(disk);
    CHECK(stored.size() > 20);
    for (int i = 0; i < 3; ++i) {
      const auto next = disk.store->next_sign_count(Bytes(32, 1));
      if (next) {
        CHECK(*next == ++count);
      } else {
        CHECK(next.error().kind == StoreError::Kind::full);
      }
    }
  }
  SUBCASE("at once") {}
  SUBCASE("after it is opened again") { disk.open(); }
  stored.push_back(disk.put("example.com", "one more"));
  check_all(disk, stored, count + 1);
}

TEST_CASE("sqlite store: the same on a file system that is really full") {
  if (::geteuid() != 0) {
    MESSAGE("not run: only root can mount a small tmpfs");
    return;
  }
  DiskStore disk;
  disk.close();
  const fs::path mount_point = disk.folder / "disk";
  fs::create_directory(mount_point);
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) {
    MESSAGE("not run: this system allows no mounts");
    return;
  }
  struct Unmount {
    const fs::path& path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{mount_point};
  const fs::path ballast = mount_point / "ballast";

  SUBCASE("while a store is used") {
    disk.path = mount_point / "keystore.db";
    write_file(ballast, Bytes(200'000));
    disk.open();
    std::uint32_t count = *disk.store->next_sign_count(Bytes(32, 1));
    auto stored = fill(disk);
    CHECK(stored.size() > 20);
    for (int i = 0; i < 3; ++i) {
      const auto next = disk.store->next_sign_count(Bytes(32, 1));
      if (next) {
        CHECK(*next == ++count);
      } else {
        CHECK(next.error().kind == StoreError::Kind::full);
      }
    }
    SUBCASE("and opened again while it is full") {
      disk.open();
      for (const auto& credential : stored) CHECK(same(**disk.store->find(credential.id), credential));
    }
    fs::remove(ballast);
    stored.push_back(disk.put("example.com", "one more"));
    check_all(disk, stored, count + 1);
    disk.open();
    check_all(disk, stored, count + 2);
  }
  SUBCASE("while one is made, which leaves nothing behind") {
    {
      std::ofstream file{ballast, std::ios::binary};
      const std::string block(4096, 'x');
      while (file.write(block.data(), 4096).flush()) {
      }
    }
    disk.path = mount_point / "keystore.db";
    const auto opened = disk.try_open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().kind == StoreError::Kind::full);
    check_sentence(opened.error());
    for (const auto& entry : fs::directory_iterator{mount_point}) {
      const auto name = entry.path().filename().string();
      CHECK((name == "ballast" || name == "keystore.db.lock"));
    }
    fs::remove(ballast);
    disk.open();
    disk.put("example.com", "a");
  }
}

}  // namespace keystore_disk_full_test
