namespace Gache.Store;

/// <summary>What a command asks for. A new kind is proposed only after the feature level that brings it is in force.</summary>
public enum CommandKind : byte
{
    /// <summary>Sets a key's value (POST).</summary>
    Set = 1,

    /// <summary>Sets a key's value; the caller asks whether the key was there (PUT).</summary>
    Put = 2,

    /// <summary>Removes a key (DELETE).</summary>
    Delete = 3,

    /// <summary>Only moves the store's time forward.</summary>
    Time = 4,

    /// <summary>The shard is founded with these slots: its first command.</summary>
    Found = 5,

    /// <summary>The founding shard grants slots to a new shard.</summary>
    Grant = 6,

    /// <summary>Slots are to move to another shard; they are served until they are handed over.</summary>
    Leave = 7,

    /// <summary>A stream of a slot begins: its target takes it up.</summary>
    BeginImport = 8,

    /// <summary>Records of the stream.</summary>
    Import = 9,

    /// <summary>The source hands the slot over: the move's only commit point.</summary>
    Hand = 10,

    /// <summary>The target owns the slot, if what it imported is what was handed over.</summary>
    TakeOver = 11,

    /// <summary>The source keeps a slot that it has not handed over.</summary>
    Keep = 12,

    /// <summary>The target drops an import whose source kept the slot.</summary>
    DropImport = 13,

    /// <summary>The target was told that the slot was kept.</summary>
    EndKeep = 14,

    /// <summary>Deletes a slice of the records of a slot that is not ours any more, or of an import that begins anew.</summary>
    Release = 15,

    /// <summary>A shard that lost its majority for good goes on with what one member has (see <see cref="RecoverCommand"/>).</summary>
    Recover = 16,

    /// <summary>Adds to the number that a key holds (POST with <c>add</c>).</summary>
    Add = 17,

    /// <summary>Sets only when a key is over (POST with <c>touch</c>).</summary>
    Touch = 18,

    /// <summary>Compares keys of one slot and changes them, all or nothing (POST /txn).</summary>
    Txn = 19,

    /// <summary>Removes the next keys that begin with a prefix (DELETE /keys).</summary>
    DeleteRange = 20,
}

/// <summary>What kinds have in common.</summary>
internal static class CommandKinds
{
    /// <summary>Whether the command is about slots, and not about a key or the time.</summary>
    public static bool IsOfSlots(this CommandKind kind) => kind is >= CommandKind.Found and <= CommandKind.Recover;

    /// <summary>Whether a command without options can be of this kind: an addition says in them what to add, and a touch until when.</summary>
    public static bool IsPlain(this CommandKind kind) => kind is (>= CommandKind.Set and <= CommandKind.Recover) or CommandKind.Txn or CommandKind.DeleteRange;

    /// <summary>Whether the command changes one key, and so may have options.</summary>
    public static bool IsOfKey(this CommandKind kind) => kind is CommandKind.Set or CommandKind.Put or CommandKind.Delete or CommandKind.Add or CommandKind.Touch;

    /// <summary>Whether the command is about keys that its body names.</summary>
    public static bool IsOfKeys(this CommandKind kind) => kind is CommandKind.Txn or CommandKind.DeleteRange;

    /// <summary>Whether a value follows the key.</summary>
    public static bool HasValue(this CommandKind kind) => kind is CommandKind.Set or CommandKind.Put;
}
