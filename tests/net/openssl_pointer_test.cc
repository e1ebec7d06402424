#include "net/openssl_pointer.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace mread::net {
namespace {

struct Object {
  int number;
};

std::vector<int> freed;
void free_object(Object* object) {
  freed.push_back(object->number);
  delete object;
}
using ObjectPointer = OpenSslPointer<Object, free_object>;

TEST(OpenSslPointer, FreesItsObjectOnceByTheFunctionOfItsType) {
  freed.clear();
  {
    ObjectPointer first(new Object{1});
    ObjectPointer second(new Object{2});
    second = std::move(first);
    EXPECT_EQ(freed, std::vector<int>{2});
    const ObjectPointer none;
  }
  EXPECT_EQ(freed, (std::vector<int>{2, 1}));
}

TEST(OpenSslPointer, IsAsLargeAsAPointer) {
  EXPECT_EQ(sizeof(ObjectPointer), sizeof(void*));
  EXPECT_EQ(sizeof(CertificatePointer), sizeof(void*));
}

TEST(OpenSslPointer, GivesBackItsReferenceOfASharedObject) {
  const CertificatePointer owner(X509_new());
  ASSERT_TRUE(owner);
  // If more than its own reference were given back, ASan would see the next line use freed memory.
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(X509_up_ref(owner.get()), 1);
    const CertificatePointer other(owner.get());
  }
  EXPECT_EQ(X509_get_version(owner.get()), X509_VERSION_1);
}

}  // namespace
}  // namespace mread::net
