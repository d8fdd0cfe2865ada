// The core under the interpreter of WABT (Debian's libwabt.a): no code is made of it, each instruction is looked at in its turn.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>
#include "wabt/binary-reader.h"
#include "wabt/interp/binary-reader-interp.h"
#include "wabt/interp/interp.h"

using namespace wabt;
using namespace wabt::interp;

static const uint64_t PAGE = 65536;
// As many as a meter needs, and no fewer than the core declares (asconfig.json, initialMemory).
static const uint64_t PAGES_MIN = 2;
static const uint64_t PAGES = CORE_MEMORY > PAGES_MIN * PAGE ? (CORE_MEMORY + PAGE - 1) / PAGE : PAGES_MIN;

static Store store;
static Memory::Ptr memory;
static Instance::Ptr instance;
static std::map<std::string, Func::Ptr> exported;

[[noreturn]] static void fail(const char* what) {
  printf("%s\n", what);
  exit(1);
}

static ModuleDesc moduleRead() {
  std::ifstream file(CORE_WASM, std::ios::binary);
  std::vector<char> octets((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ModuleDesc desc;
  Errors errors;
  ReadBinaryOptions options(Features(), nullptr, false, true, true);
  if (Failed(ReadBinaryInterp(CORE_WASM, octets.data(), octets.size(), options, &errors, &desc))) fail("the core is not read");
  return desc;
}

extern "C" void core_start(void) {
  ModuleDesc desc = moduleRead();
  Module::Ptr module = Module::New(store, desc);
  // The memory is the one import. A maximum has to be within the one the core declares.
  Limits limits(PAGES, PAGES);
  memory = Memory::New(store, MemoryType(limits));
  Trap::Ptr trap;
  instance = Instance::Instantiate(store, module.ref(), {memory.ref()}, &trap);
  if (!instance) fail(trap ? trap->message().c_str() : "the core is not instantiated");
  for (size_t i = 0; i < desc.exports.size(); i++) {
    Ref ref = instance->exports()[i];
    if (store.Is<Func>(ref)) exported[desc.exports[i].type.name] = store.UnsafeGet<Func>(ref);
  }
}

extern "C" uint8_t* core_memory(void) {
  return memory->UnsafeData();
}

extern "C" uint32_t core_call(const char* name, uint32_t count, const double* values) {
  auto found = exported.find(name);
  if (found == exported.end()) fail(name);
  const ValueTypes& types = found->second->type().params;
  if (types.size() != count) fail(name);
  Values given, taken;
  for (uint32_t i = 0; i < count; i++) {
    bool real = types[i] == Type::F64;
    given.push_back(real ? Value::Make(values[i]) : Value::Make(static_cast<uint32_t>(values[i])));
  }
  Trap::Ptr trap;
  if (Failed(found->second->Call(store, given, taken, &trap))) fail(trap ? trap->message().c_str() : name);
  return taken.empty() ? 0 : taken[0].Get<uint32_t>();
}
