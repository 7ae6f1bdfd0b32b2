using Gache.Primitives;

namespace Gache.Store.Tests;

/// <summary>Reads chunks by their documented layout, with none of the store's code.</summary>
internal static class ChunkRecords
{
    public static List<(byte[] Key, ulong Revision, byte[] Value)> Read(IEnumerable<byte[]> chunks)
    {
        var records = new List<(byte[] Key, ulong Revision, byte[] Value)>();
        int missing = 0;
        foreach (byte[] chunk in chunks)
        {
            var reader = new ByteReader(chunk);
            reader.ReadUInt32();
            reader.ReadUInt32();
            int continued = (int)reader.ReadUInt32();
            uint count = reader.ReadUInt32();
            if (continued > 0)
            {
                byte[] value = records[^1].Value;
                reader.ReadBytes(continued).CopyTo(value.AsSpan(value.Length - missing));
                missing -= continued;
            }

            for (uint i = 0; i < count; i++)
            {
                reader.ReadUInt16();
                reader.ReadUInt16();
                int keyLength = reader.ReadUInt16();
                ulong revision = reader.ReadUInt64();
                byte[] value = new byte[reader.ReadUInt32()];
                byte[] key = reader.ReadBytes(keyLength).ToArray();
                int here = Math.Min(value.Length, reader.Remaining);
                reader.ReadBytes(here).CopyTo(value);
                missing = value.Length - here;
                records.Add((key, revision, value));
            }
        }

        return records;
    }
}
