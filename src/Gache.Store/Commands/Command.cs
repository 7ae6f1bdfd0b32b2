using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>Encodes commands: what an entry of the log carries and <see cref="KeyValueStore.Apply"/> takes.</summary>
/// <remarks>
/// Little-endian: kind (1), format (1), store time in milliseconds (8), then for a set, put or delete the key's length (2), the key, and
/// the value up to the end. In format 2 the options' length (2) stands before the key, and the options (<see cref="WriteOptions"/>) behind
/// it. The time stands at a fixed place, so that the leader can stamp a finished command when it proposes it.
/// What is said of slots is in <see cref="SlotCommand"/> and <see cref="SlotsCommand"/>.
/// </remarks>
public static class Command
{
    internal const byte Format = 1;
    internal const byte FormatWithOptions = 2;
    internal const int TimeOffset = 2;
    internal const int HeadBytes = TimeOffset + sizeof(ulong);
    internal const int KeyOffset = HeadBytes + sizeof(ushort);
    internal const int KeyOffsetWithOptions = KeyOffset + sizeof(ushort);

    /// <summary>Encodes "set <paramref name="key"/> to <paramref name="value"/>"; its time is 0 until it is stamped.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Key or value is outside <see cref="StoreLimits"/>.</exception>
    public static byte[] EncodeSet(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Encode(CommandKind.Set, key, value);

    /// <summary>As <see cref="EncodeSet"/>, for a caller who wants to know whether the key was there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Key or value is outside <see cref="StoreLimits"/>.</exception>
    public static byte[] EncodePut(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Encode(CommandKind.Put, key, value);

    /// <summary>Encodes "remove <paramref name="key"/>".</summary>
    /// <exception cref="ArgumentOutOfRangeException">The key is outside <see cref="StoreLimits"/>.</exception>
    public static byte[] EncodeDelete(ReadOnlySpan<byte> key) => Encode(CommandKind.Delete, key, default);

    /// <summary>Encodes "it is <paramref name="storeTimeMilliseconds"/> now", which changes no key.</summary>
    public static byte[] EncodeTime(ulong storeTimeMilliseconds)
    {
        byte[] command = new byte[HeadBytes];
        command[0] = (byte)CommandKind.Time;
        command[1] = Format;
        StampTime(command, storeTimeMilliseconds);
        return command;
    }

    /// <summary>Writes the leader's store time into an encoded command. Only before the command is proposed: an entry never changes.</summary>
    public static void StampTime(Span<byte> command, ulong storeTimeMilliseconds) =>
        BinaryPrimitives.WriteUInt64LittleEndian(command[TimeOffset..], storeTimeMilliseconds);

    /// <summary>Reads an encoded command without copying it.</summary>
    /// <returns>False if the bytes are cut off or their lengths cannot be.</returns>
    /// <exception cref="InvariantBrokenException">The kind or format is one that this version does not know: going on would diverge.</exception>
    public static bool TryParse(ReadOnlySpan<byte> command, out CommandView view)
    {
        view = default;
        if (command.Length < HeadBytes) return false;

        var kind = (CommandKind)command[0];
        Invariant.Holds(
            (command[1] == Format && kind.IsPlain()) || (command[1] == FormatWithOptions && kind.IsOfKey()),
            $"command of kind {command[0]}, format {command[1]} is unknown to this version");
        ulong time = BinaryPrimitives.ReadUInt64LittleEndian(command[TimeOffset..]);
        if (kind == CommandKind.Time)
        {
            view = new CommandView(kind, time, default, default);
            return command.Length == HeadBytes;
        }

        if (kind.IsOfSlots() || kind.IsOfKeys())
        {
            view = new CommandView(kind, time, default, command[HeadBytes..]);
            return true;
        }

        if (command[1] == FormatWithOptions) return TryParseWithOptions(command, kind, time, out view);
        if (command.Length < KeyOffset) return false;
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(command[HeadBytes..]);
        if (keyLength is 0 or > StoreLimits.MaxKeyBytes || command.Length < KeyOffset + keyLength) return false;

        ReadOnlySpan<byte> value = command[(KeyOffset + keyLength)..];
        if (value.Length > MaxValueOf(kind)) return false;

        view = new CommandView(kind, time, command.Slice(KeyOffset, keyLength), value);
        return true;
    }

    private static bool TryParseWithOptions(ReadOnlySpan<byte> command, CommandKind kind, ulong time, out CommandView view)
    {
        view = default;
        if (command.Length < KeyOffsetWithOptions) return false;
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(command[HeadBytes..]);
        int optionsLength = BinaryPrimitives.ReadUInt16LittleEndian(command[KeyOffset..]);
        int valueOffset = KeyOffsetWithOptions + keyLength + optionsLength;
        if (keyLength is 0 or > StoreLimits.MaxKeyBytes || optionsLength == 0 || command.Length < valueOffset) return false;

        ReadOnlySpan<byte> options = command.Slice(KeyOffsetWithOptions + keyLength, optionsLength);
        ReadOnlySpan<byte> value = command[valueOffset..];
        if (value.Length > MaxValueOf(kind) || !WriteOptionsView.TryParse(options, out WriteOptionsView read) || read.Counter is null == (kind == CommandKind.Add)) return false;
        if (kind == CommandKind.Touch ? read.Ttl == 0 : kind == CommandKind.Delete && (read.Ttl != 0 || read.KeepsTtl)) return false;

        view = new CommandView(kind, time, command.Slice(KeyOffsetWithOptions, keyLength), value, options);
        return true;
    }

    private static int MaxValueOf(CommandKind kind) => kind.HasValue() ? StoreLimits.MaxValueBytes : 0;

    /// <summary>Whether the command may make the state larger, and so is refused when memory or disk are short; deletes always go.</summary>
    public static bool NeedsSpace(ReadOnlySpan<byte> command) => (CommandKind)command[0] is CommandKind.Set or CommandKind.Put or CommandKind.Add or CommandKind.Touch or CommandKind.Import
        || ((CommandKind)command[0] == CommandKind.Txn && (command[HeadBytes] & TxnView.NeedsSpaceFlag) != 0);

    /// <summary>Whether the command's answer is kept for repeats, and so needs one of a bounded number of records.</summary>
    public static bool IsKeyed(ReadOnlySpan<byte> command) => command[1] == FormatWithOptions
        ? TryParse(command, out CommandView view) && WriteOptionsView.TryParse(view.Options, out WriteOptionsView options) && !options.Idempotency.IsEmpty
        : (CommandKind)command[0] == CommandKind.Txn && (command[HeadBytes] & TxnView.KeyedFlag) != 0;

    /// <summary>Whether bytes from another node are a command that a client may ask for: on a key, on keys of one slot, or a slice of a deletion.</summary>
    public static bool IsOfClient(ReadOnlySpan<byte> command)
    {
        if (command.Length <= HeadBytes) return false;
        var kind = (CommandKind)command[0];
        bool isKnown = kind.IsOfKey() ? command[1] is FormatWithOptions || (command[1] == Format && kind.IsPlain()) : kind.IsOfKeys() && command[1] == Format;
        if (!isKnown || !TryParse(command, out CommandView view)) return false;
        return kind switch
        {
            CommandKind.Txn => TxnView.TryParse(view.Value, out _),
            CommandKind.DeleteRange => DeleteRangeCommand.Parse(view.Value) is not null,
            _ => true,
        };
    }

    /// <summary>The slot that a client's command is for, if it <see cref="IsOfClient"/>; of a deletion the first one.</summary>
    public static int SlotOf(ReadOnlySpan<byte> command)
    {
        Invariant.Holds(TryParse(command, out CommandView view), $"a command of {command.Length} bytes cannot be read");
        return view.Kind switch
        {
            CommandKind.Txn => TxnView.TryReadMark(view.Value, out int slot, out _) ? slot : 0,
            CommandKind.DeleteRange => DeleteRangeCommand.Parse(view.Value)?.From.Slot ?? 0,
            _ => Slot.Of(view.Key),
        };
    }

    /// <summary>Where the key of a command on one key stands in it; empty for any other, and for what is no command.</summary>
    public static ReadOnlyMemory<byte> KeyOf(ReadOnlyMemory<byte> command)
    {
        ReadOnlySpan<byte> bytes = command.Span;
        if (bytes.Length < KeyOffset || !((CommandKind)bytes[0]).IsOfKey()) return default;
        int offset = bytes[1] == FormatWithOptions ? KeyOffsetWithOptions : KeyOffset;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[HeadBytes..]);
        return length <= bytes.Length - offset ? command.Slice(offset, length) : default;
    }

    /// <summary>Whether the command brings what belongs to a slot that its source has handed over: nobody serves it until that is here, so the bound
    /// on memory does not hold it up.</summary>
    public static bool IsOfHandedSlot(ReadOnlySpan<byte> command) => (CommandKind)command[0] == CommandKind.Import && SlotCommand.IsOfHanded(command);

    /// <summary>Begins a command that is no set, put or delete: kind, format and a time that is stamped later.</summary>
    internal static void WriteHead(ByteWriter writer, CommandKind kind)
    {
        writer.WriteByte((byte)kind);
        writer.WriteByte(Format);
        writer.WriteUInt64(0);
    }

    private static byte[] Encode(CommandKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfZero(key.Length, nameof(key));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, StoreLimits.MaxKeyBytes, nameof(key));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, StoreLimits.MaxValueBytes, nameof(value));

        byte[] command = GC.AllocateUninitializedArray<byte>(KeyOffset + key.Length + value.Length);
        command[0] = (byte)kind;
        command[1] = Format;
        StampTime(command, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(command.AsSpan(HeadBytes), (ushort)key.Length);
        key.CopyTo(command.AsSpan(KeyOffset));
        value.CopyTo(command.AsSpan(KeyOffset + key.Length));
        return command;
    }
}
