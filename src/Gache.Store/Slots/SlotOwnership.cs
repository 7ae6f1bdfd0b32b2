using System.Buffers.Binary;
using System.IO.Hashing;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>Told of one slot's change.</summary>
internal delegate void SlotChange(int slot, in SlotState before, in SlotState after);

/// <summary>What each slot is to this shard; replicated, changed only by applied entries.</summary>
/// <remarks>A shard whose log never spoke of slots owns them all at epoch 1: so is every shard that was founded without the cluster's options.</remarks>
internal sealed class SlotOwnership
{
    public const long Bytes = Slot.Count * (1L + sizeof(ulong));

    private const ulong FirstEpoch = 1;
    private static readonly SlotState Untold = new(SlotPhase.Owned, FirstEpoch, default);

    private readonly SlotPhase[] phases = new SlotPhase[Slot.Count];
    private readonly ulong[] epochs = new ulong[Slot.Count];
    private readonly Dictionary<int, SlotTransfer> transfers = [];
    private long version;

    public SlotOwnership() => Reset();

    /// <summary>The sum of the hashes of all slots that are not as in the beginning; zero in the beginning.</summary>
    public UInt128 Checksum { get; private set; }

    /// <summary>Rises with every change; read by any thread.</summary>
    public long Version => Volatile.Read(ref version);

    /// <summary>Told of each change that an applied entry makes, before it stands: slot, state before, state after.</summary>
    public Action<int, SlotState, SlotState>? Changing { get; set; }

    /// <summary>As <see cref="Changing"/>, told once the change stands.</summary>
    public SlotChange? Changed { get; set; }

    /// <summary>How many slots are not simply owned or none: a move concerns them.</summary>
    public int InMotion => transfers.Count;

    /// <summary>The slots that a move concerns.</summary>
    public IEnumerable<int> Moving => transfers.Keys;

    public SlotState this[int slot]
    {
        get => new(phases[slot], epochs[slot], transfers.GetValueOrDefault(slot));
        set
        {
            SlotState before = this[slot];
            Changing?.Invoke(slot, before, value);
            Checksum += HashOf(slot, value) - HashOf(slot, before);
            epochs[slot] = value.Epoch;
            if (value.Transfer == default) transfers.Remove(slot);
            else transfers[slot] = value.Transfer;
            phases[slot] = value.Phase;
            Volatile.Write(ref version, version + 1);
            Changed?.Invoke(slot, before, value);
        }
    }

    /// <summary>Whether keys of the slot are read and written here. Any thread may ask; only the owner's answer is exact.</summary>
    public bool IsServed(int slot) => phases[slot] is SlotPhase.Owned or SlotPhase.Leaving or SlotPhase.Keeping
        || (Planted.Is(PlantedFault.HandedSlotServed) && phases[slot] == SlotPhase.Handed);

    /// <summary>The phase, for any thread; only the owner's answer is exact.</summary>
    public SlotPhase PhaseOf(int slot) => phases[slot];

    public void Reset()
    {
        Array.Fill(phases, SlotPhase.Owned);
        Array.Fill(epochs, FirstEpoch);
        transfers.Clear();
        Checksum = 0;
        Volatile.Write(ref version, version + 1);
    }

    /// <summary>The shard was founded with these slots and no others.</summary>
    public void Found(SlotSet owned)
    {
        for (int slot = 0; slot < Slot.Count; slot++)
            this[slot] = owned.Contains(slot) ? Untold : new SlotState(SlotPhase.None, 0, default);
    }

    public SlotSet Served()
    {
        var set = new SlotSet();
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            if (IsServed(slot)) set.Add(slot);
        }

        return set;
    }

    /// <summary>Writes runs of slots with equal state; nothing at all in the beginning.</summary>
    public void WriteTo(ByteWriter writer)
    {
        int runs = 0;
        int countAt = writer.Length;
        writer.WriteUInt32(0);
        for (int slot = 0; Checksum != 0 && slot < Slot.Count;)
        {
            SlotState state = this[slot];
            int end = slot + 1;
            while (end < Slot.Count && this[end] == state) end++;
            writer.WriteUInt16((ushort)(end - slot));
            writer.WriteByte((byte)state.Phase);
            writer.WriteUInt64(state.Epoch);
            bool hasTransfer = state.Transfer != default;
            writer.WriteBoolean(hasTransfer);
            if (hasTransfer)
            {
                writer.WriteUInt128(state.Transfer.Peer.Value);
                writer.WriteUInt64(state.Transfer.Stream);
                writer.WriteUInt64(state.Transfer.NextChunk);
            }

            slot = end;
            runs++;
        }

        writer.PatchUInt32(countAt, (uint)runs);
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote; false for anything else.</summary>
    public bool TryReadFrom(ref ByteReader reader)
    {
        Reset();
        (Action<int, SlotState, SlotState>? changing, SlotChange? changed) = (Changing, Changed);
        (Changing, Changed) = (null, null); // a snapshot says how slots are, not what changed
        bool isRead = TryReadRuns(ref reader);
        (Changing, Changed) = (changing, changed);
        return isRead;
    }

    private bool TryReadRuns(ref ByteReader reader)
    {
        uint runs = reader.ReadUInt32();
        int slot = 0;
        for (uint run = 0; run < runs; run++)
        {
            int end = slot + reader.ReadUInt16();
            var phase = (SlotPhase)reader.ReadByte();
            ulong epoch = reader.ReadUInt64();
            SlotTransfer transfer = reader.ReadBoolean()
                ? new SlotTransfer(new ShardId(reader.ReadUInt128()), reader.ReadUInt64(), reader.ReadUInt64())
                : default;
            if (!reader.IsValid || end <= slot || end > Slot.Count || phase > SlotPhase.Dropped) return false;
            for (; slot < end; slot++) this[slot] = new SlotState(phase, epoch, transfer);
        }

        return reader.IsValid && (runs == 0 || slot == Slot.Count);
    }

    private static UInt128 HashOf(int slot, SlotState state)
    {
        if (state == Untold) return 0;
        Span<byte> image = stackalloc byte[1 + 8 + 16 + 8 + 8];
        image[0] = (byte)state.Phase;
        BinaryPrimitives.WriteUInt64LittleEndian(image[1..], state.Epoch);
        BinaryPrimitives.WriteUInt128LittleEndian(image[9..], state.Transfer.Peer.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(image[25..], state.Transfer.Stream);
        BinaryPrimitives.WriteUInt64LittleEndian(image[33..], state.Transfer.NextChunk);
        return XxHash128.HashToUInt128(image, slot);
    }
}
